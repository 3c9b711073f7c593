#!/bin/sh
# Checks an evidence bundle of the corridor gateway (GW-1 section 12). Everything it needs is POSIX sh, sed, awk, tail,
# cmp and openssl 3.0 or later; it writes nothing, and asks nobody.
#
#   sh verify.sh [FOLDER]      the folder of the bundle; by default the one in which this file lies
#
# 0: everything that the bundle lists is proven.  2: what is there is true, but something is not there yet, and is named.
# 1: something is false, damaged or absent; the first such thing is named.  EDI_LANG=en or fr chooses the language.

case ${EDI_LANG:-${LC_ALL:-${LANG:-fr}}} in en*) english=1 ;; *) english=0 ;; esac
LC_ALL=C
export LC_ALL
set -fu
unset OPENSSL_CONF SSL_CERT_FILE SSL_CERT_DIR

say() { if [ "$english" = 1 ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi; }
fail() { say "FAUX : $1" "FALSE: $2" >&2; exit 1; }

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
folder=${1:-$here}
cd -- "$folder" 2>/dev/null || fail "le dossier $folder ne s'ouvre pas" "the folder $folder cannot be opened"

case $(openssl version 2>/dev/null) in
    OpenSSL\ [3-9].*|OpenSSL\ [1-9][0-9].*) ;;
    *) fail "openssl 3.0 ou plus récent est nécessaire" "openssl 3.0 or later is needed" ;;
esac

hex() { openssl dgst -sha256 -r 2>/dev/null | sed 's/ .*//'; }
digest() { openssl dgst -sha256 -r "$1" 2>/dev/null | sed 's/ .*//'; }

# 64 hex digits, one group a line -> octal escapes for printf %b
escapes() {
    printf '%s\n' "$1" | awk '{ h = "0123456789abcdef"
        for (i = 1; i < length($0); i += 2)
            printf "\\0%03o", 16 * (index(h, substr($0, i, 1)) - 1) + index(h, substr($0, i + 1, 1)) - 1 }'
}
node() { printf '%b' "\\0001$(escapes "$1")$(escapes "$2")" | hex; }

# base64 of 32 octets, one a line -> hex; a line that is not the one way of writing them ends it with an error
unbase64() {
    awk '{ a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; d = "0123456789abcdef"; out = ""
        if (length($0) != 44 || substr($0, 44) != "=") exit 1
        n = 0; bits = 0
        for (i = 1; i <= 43; i++) {
            v = index(a, substr($0, i, 1)) - 1
            if (v < 0 || (i == 43 && v % 4)) exit 1
            n = n * 64 + v; bits += 6
            while (bits >= 4 && length(out) < 64) {
                p = 2 ^ (bits - 4); q = int(n / p); out = out substr(d, q + 1, 1); n -= q * p; bits -= 4
            }
        }
        print out }'
}

# FILE TRUST TIME -> the signed content, "" and an error where the signature does not hold
content() {
    case " $listless " in
        *" $2 "*) openssl cms -verify -binary -cades -inform DER -in "$1" -CAfile "trust/$2.pem" -no-CApath \
                      -no-CAstore -check_ss_sig -attime "$3" 2>/dev/null ;;
        *) openssl cms -verify -binary -cades -inform DER -in "$1" -CAfile "trust/$2.pem" -no-CApath \
               -no-CAstore -check_ss_sig -crl_check -attime "$3" 2>/dev/null ;;
    esac
}

# FILE GATEWAY TO TIME KIND: rules 1 and 2; sets header
signed() {
    [ -f "$1" ] || fail "$1 manque" "$1 is absent"
    content "$1" "$2" "$4" >/dev/null || fail "la signature de $1 n'est pas valable sous trust/$2.pem" \
        "the signature of $1 does not hold under trust/$2.pem"
    header=$(content "$1" "$2" "$4" | sed -n "1,11s/$cr\$//p;11q")
    [ "$(line 1)" = "MIME-Version: 1.0" ] || fail "$1 n'est pas un objet GW-1" "$1 is no GW-1 object"
    [ "$(line 2)" = "Gateway-Profile: 1" ] || fail "$1 n'est pas un objet GW-1" "$1 is no GW-1 object"
    [ "$(line 4)" = "From-Gateway: $2" ] || fail "$1 ne vient pas de $2" "$1 does not come from $2"
    [ "$(line 5)" = "To-Gateway: $3" ] || fail "$1 n'est pas destiné à $3" "$1 is not meant for $3"
    case $(line 9) in
        "Content-Type: $5"|"Content-Type: $5+gzip") ;;
        *) fail "$1 n'est pas de la sorte $5" "$1 is not of the kind $5" ;;
    esac
}
line() { printf '%s\n' "$header" | sed -n "$1p"; }

# FILE -> digest of the value of the OCTET STRING SignerInfo.signature, which ends the file
signature_of() {
    length=$(openssl asn1parse -inform DER -in "$1" 2>/dev/null | sed -n '$s/.* l= *\([0-9][0-9]*\) prim: OCTET STRING.*/\1/p')
    [ -n "$length" ] || fail "$1 est abîmé" "$1 is damaged"
    tail -c "$length" "$1" | hex
}

cr=$(printf '\r')
newline='
'

# --- the list of files

[ -f SHA256SUMS ] || fail "SHA256SUMS manque" "SHA256SUMS is absent"
names=$(sed 's/^[0-9a-f]*  //' SHA256SUMS)
listed=$newline$names$newline
openssl dgst -sha256 -r $names 2>/dev/null | sed 's/ \*/  /' | cmp -s - SHA256SUMS || { # then which
    while IFS= read -r entry || [ -n "$entry" ]; do
        name=${entry#*"  "}
        [ "$entry" = "${entry%%"  "*}  $name" ] || fail "SHA256SUMS est abîmé" "SHA256SUMS is damaged"
        [ -f "$name" ] || fail "$name manque" "$name is absent"
        [ "$(digest "$name")" = "${entry%%"  "*}" ] || fail "$name a été changé" "$name was changed"
    done < SHA256SUMS
    fail "SHA256SUMS est abîmé" "SHA256SUMS is damaged"
}
for name in bundle.txt verify.sh story.fr.txt story.en.txt; do
    case $listed in *"$newline$name$newline"*) ;; *) fail "SHA256SUMS ne nomme pas $name" "SHA256SUMS does not name $name" ;; esac
done

# --- the objects, one after the other

fold() { # index size leaf-hash hashes-in-hex -> root (RFC 9162, 2.1.3.2), or an error
    fn=$1 sn=$(($2 - 1)) r=$3
    [ "$fn" -le "$sn" ] || return 1
    for p in $4; do
        [ "$sn" -gt 0 ] || return 1
        if [ $((fn & 1)) = 1 ] || [ "$fn" = "$sn" ]; then
            r=$(node "$p" "$r")
            while [ $((fn & 1)) = 0 ] && [ "$fn" != 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
        else
            r=$(node "$r" "$p")
        fi
        fn=$((fn >> 1)) sn=$((sn >> 1))
    done
    [ "$sn" = 0 ] || return 1
    printf '%s\n' "$r"
}

# FILE GATEWAY TIME TEXT: rule 6
stands_in() {
    content "$1" "$2" "$3" | tail -n +12 | awk -v a="$4" '
        { at = (NR - 1) % 4
          if (at == 3) { if ($0 != "") bad = 1; next }
          text = at ? text "\n" $0 : $0
          if (at == 2 && text == a) found = 1 }
        END { exit !(found && !bad && NR % 4 == 3) }'
}

listless= movement= objects=0 receipted=0 agreed=0 compressed=0 format=
while IFS= read -r entry || [ -n "$entry" ]; do
    case $entry in *"$cr"*|*\\*) fail "bundle.txt est abîmé" "bundle.txt is damaged" ;; esac
    set -- $entry
    case ${1:-} in
    gw-evidence/1) format=1; continue ;;
    movement) movement=$2; continue ;;
    made) continue ;;
    trust)
        [ -f "trust/$2.pem" ] || fail "trust/$2.pem manque" "trust/$2.pem is absent"
        [ "$3" = lists ] || listless="$listless $2"
        continue ;;
    object) [ $# = 12 ] || fail "bundle.txt est abîmé" "bundle.txt is damaged" ;;
    *) fail "bundle.txt est abîmé" "bundle.txt is damaged" ;;
    esac
    f=$2 from=$3 to=$4 sequence=$5 time=$6 receipt=$7 receipt_time=$8 size=$9
    shift 9
    from_time=$1 to_time=$2 about=$3
    [ -n "$format" ] && [ -n "$movement" ] || fail "bundle.txt est abîmé" "bundle.txt is damaged"

    signed "$f/message.cms" "$from" "$to" "$time" application/EDIFACT
    id=$(line 3); id=${id#Message-ID: }
    [ "$(line 7)" = "Sequence: $sequence" ] || fail "$f/message.cms n'a pas le numéro $sequence" "$f/message.cms has not the number $sequence"
    mic=$(content "$f/message.cms" "$from" "$time" | hex)
    signature=$(signature_of "$f/message.cms") || exit 1
    [ -f "$f/leaf.txt" ] || fail "$f/leaf.txt manque" "$f/leaf.txt is absent"
    printf 'gw-leaf/1\n%s\n%s\nsha-256=%s\nsha-256=%s\n' "$sequence" "$id" "$mic" "$signature" | cmp -s - "$f/leaf.txt" ||
        fail "$f/leaf.txt n'est pas la feuille de message.cms" "$f/leaf.txt is not the leaf of message.cms"
    case $(line 9) in
    *+gzip) compressed=$((compressed + 1)) ;;
    *) [ "$about" = - ] || content "$f/message.cms" "$from" "$time" | tail -n +12 |
           awk -v a="$movement" 'index($0, a) { found = 1 } END { exit !found }' ||
           fail "$f/message.cms ne parle pas de $movement" "$f/message.cms does not speak of $movement" ;;
    esac
    objects=$((objects + 1))

    if [ "$receipt" != missing ]; then
        signed "$f/receipt.cms" "$to" "$from" "$receipt_time" message/disposition-notification
        base64=$(content "$f/message.cms" "$from" "$time" | openssl dgst -sha256 -binary | openssl base64)
        content "$f/receipt.cms" "$to" "$receipt_time" | tail -n +12 | sed "s/$cr\$//" | awk -v id="$id" -v mic="$base64" \
            -v sig="$signature" -v n="$sequence" -v how="$receipt" '
            NR == 4 { good += $0 == "Original-Message-ID: " id }
            NR == 5 { d = "Disposition: automatic-action/MDN-sent-automatically; "
                      good += substr($0, 1, length(d)) == d && (($0 == d "processed") == (how == "processed")) }
            NR == 6 { good += $0 == "Received-Content-MIC: " mic ", sha-256" }
            NR == 7 { good += $0 == "Original-Signature-Digest: sha-256=" sig }
            NR == 8 { good += $0 == "Original-Sequence: " n }
            END { exit !(good == 5 && NR == 8) }' ||
            fail "$f/receipt.cms n'est pas l'accusé de message.cms" "$f/receipt.cms is not the receipt of message.cms"
        receipted=$((receipted + 1))
        what=$(if [ "$receipt" = processed ]; then say "accusé par $to" "receipted by $to"; else say "refusé par $to" "refused by $to"; fi)
    else
        what=$(say "accusé de $to ABSENT" "receipt of $to MISSING")
    fi

    if [ "$size" != missing ]; then
        [ -f "$f/proof.tlog-proof" ] || fail "$f/proof.tlog-proof manque" "$f/proof.tlog-proof is absent"
        parsed=$(awk 'NR == 1 { if ($0 != "c2sp.org/tlog-proof@v1") exit 1; next }
                      NR == 2 { if ($0 !~ /^index [0-9]+$/) exit 1; print substr($0, 7); next }
                      !head && $0 == "" { head = NR; next }
                      !head { print; next }
                      END { if (!head || NR != head + 3) exit 1 }' "$f/proof.tlog-proof") ||
            fail "$f/proof.tlog-proof est abîmé" "$f/proof.tlog-proof is damaged"
        index=$(printf '%s\n' "$parsed" | sed -n 1p)
        hashes=$(printf '%s\n' "$parsed" | sed 1d | unbase64) || fail "$f/proof.tlog-proof est abîmé" "$f/proof.tlog-proof is damaged"
        head=$(sed '1,/^$/d' "$f/proof.tlog-proof")
        [ "$index" = $((sequence - 1)) ] || fail "la preuve de $f est celle d'un autre numéro" "the proof of $f is that of another number"
        [ "${head%"$newline"*}" = "gw-1/$from/$to$newline$size" ] ||
            fail "la preuve de $f parle d'une autre liaison" "the proof of $f speaks of another link"
        root=$(printf '%s\n' "${head##*"$newline"}" | unbase64) || fail "$f/proof.tlog-proof est abîmé" "$f/proof.tlog-proof is damaged"
        leaf=$({ printf '%b' '\0000'; tail -c +1 "$f/leaf.txt"; } | hex)
        folded=$(fold "$index" "$size" "$leaf" "$hashes") && [ "$folded" = "$root" ] ||
            fail "la preuve de $f ne mène pas à la racine signée" "the proof of $f does not lead to the signed root"
        signed "$f/checkpoint-$from.cms" "$from" "$to" "$from_time" application/vnd.gw.checkpoint
        stands_in "$f/checkpoint-$from.cms" "$from" "$from_time" "$head" ||
            fail "$from n'a pas signé l'état que prouve $f" "$from did not sign the head that $f proves"
        signed "$f/checkpoint-$to.cms" "$to" "$from" "$to_time" application/vnd.gw.checkpoint
        stands_in "$f/checkpoint-$to.cms" "$to" "$to_time" "$head" ||
            fail "$to n'a pas signé l'état que prouve $f" "$to did not sign the head that $f proves"
        agreed=$((agreed + 1))
        what="$what, $(say "registre signé des deux" "ledger signed by both")"
    else
        what="$what, $(say "registre pas encore signé des deux" "ledger not yet signed by both")"
    fi
    say "$f : signé par $from, $what" "$f: signed by $from, $what"
done < bundle.txt
[ "$objects" -gt 0 ] || fail "bundle.txt ne nomme aucun objet" "bundle.txt names no object"

# --- what has been proven, and what it rests on

for pem in $(sed -n 's/^trust \([A-Z0-9.-]*\) .*/\1/p' bundle.txt); do
    print=$(openssl x509 -in "trust/$pem.pem" -noout -fingerprint -sha256 2>/dev/null) || fail "trust/$pem.pem est abîmé" "trust/$pem.pem is damaged"
    say "Autorité de $pem, à comparer avec l'empreinte que $pem publie : ${print#*=}" \
        "Authority of $pem, to be compared with the fingerprint that $pem publishes: ${print#*=}"
    case " $listless " in
        *" $pem "*) say "  Sans liste de révocation : cette autorité n'en a remis aucune." \
            "  Without a revocation list: this authority has handed out none." ;;
    esac
done
[ "$compressed" = 0 ] || say "$compressed charge(s) comprimée(s) : gunzip les ouvre ; le MRN n'y a pas été cherché." \
    "$compressed compressed payload(s): gunzip opens them; the MRN was not looked for in them."
if [ "$receipted" = "$objects" ] && [ "$agreed" = "$objects" ]; then
    say "PROUVÉ : $movement, $objects objets signés, accusés, et inscrits dans un registre signé des deux administrations." \
        "PROVEN: $movement, $objects objects signed, receipted, and entered in a ledger that both administrations signed."
    exit 0
fi
say "INCOMPLET : $movement, $objects objets signés, $receipted accusés, $agreed dans un registre signé des deux. Rien n'est faux ;" \
    "INCOMPLETE: $movement, $objects objects signed, $receipted receipted, $agreed in a ledger signed by both. Nothing is false;"
say "ce qui manque vient avec le prochain accusé ou le prochain rapprochement (edi reconcile), puis un nouveau dossier." \
    "what is missing comes with the next receipt or the next comparison (edi reconcile), and then a new bundle."
exit 2
