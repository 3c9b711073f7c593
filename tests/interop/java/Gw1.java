// Makes and opens GW-1 objects with BouncyCastle, for tests/interop/test_bouncycastle.py.
//
// One process serves a whole run of tests: each line of standard input is a command, its words parted by tabs, and is
// answered by one line, "ok" or "failed: ..." with the exception. Files are named by whole paths.
//
//   sign     KEY CERTIFICATE SCHEME DER|BER ENTITY OUT   inner object; SCHEME P-256, P-384, RSA-3072 or Ed25519
//   encrypt  GCM|CBC DER|BER INNER OUT CERTIFICATE...    outer object for all recipients
//   decrypt  KEY CERTIFICATE IN OUT                      the inner object
//   verify   AUTHORITY IN OUT                            the ENTITY, when signature and certificate hold

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.CipherInputStream;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.GCMParameters;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientOperator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientId;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.InputAEADDecryptor;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public final class Gw1 {
    private static final String BC = "BC";

    public static void main(String[] arguments) throws IOException {
        Security.addProvider(new BouncyCastleProvider());
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String answer = "ok";
            try {
                run(line.split("\t"));
            } catch (Exception failure) {
                answer = "failed: " + failure.toString().replace('\n', ' ');
            }
            System.out.println(answer);
            System.out.flush();
        }
    }

    private static void run(String[] words) throws Exception {
        switch (words[0]) {
            case "sign" -> write(words[6], sign(key(words[1], words[2]), certificate(words[2]), words[3], words[4],
                    read(words[5])));
            case "encrypt" -> write(words[4], encrypt(words[1], words[2], read(words[3]),
                    List.of(words).subList(5, words.length)));
            case "decrypt" -> write(words[4], decrypt(key(words[1], words[2]), certificate(words[2]), read(words[3])));
            case "verify" -> write(words[3], verify(certificate(words[1]), read(words[2])));
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private static byte[] sign(PrivateKey key, X509Certificate certificate, String scheme, String form, byte[] entity)
            throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        var attributes = new ASN1EncodableVector();
        attributes.add(new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2,
                new DERSet(new SigningCertificateV2(new ESSCertIDv2(hash)))));
        var generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
                new JcaDigestCalculatorProviderBuilder().setProvider(BC).build())
                .setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes)))
                .build(contentSigner(key, scheme), certificate));
        generator.addCertificates(new JcaCertStore(List.of(certificate)));
        CMSSignedData signed = generator.generate(new CMSProcessableByteArray(entity), true);
        return encoded(signed.toASN1Structure(), form);
    }

    private static ContentSigner contentSigner(PrivateKey key, String scheme) throws Exception {
        JcaContentSignerBuilder builder = switch (scheme) {
            case "P-256" -> new JcaContentSignerBuilder("SHA256withECDSA");
            case "P-384" -> new JcaContentSignerBuilder("SHA384withECDSA");
            case "RSA-3072" -> new JcaContentSignerBuilder("SHA256withRSAandMGF1",
                    new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
            case "Ed25519" -> new JcaContentSignerBuilder("Ed25519");
            default -> throw new IllegalArgumentException(scheme);
        };
        return builder.setProvider(BC).build(key);
    }

    private static byte[] encrypt(String cipher, String form, byte[] inner, List<String> certificates)
            throws Exception {
        var content = new CMSProcessableByteArray(inner);
        if (cipher.equals("CBC")) {
            var generator = new CMSEnvelopedDataGenerator();
            for (String path : certificates) {
                generator.addRecipientInfoGenerator(recipient(certificate(path)));
            }
            return encoded(generator.generate(content, new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC)
                    .setProvider(BC).build()).toASN1Structure(), form);
        }
        var generator = new CMSAuthEnvelopedDataGenerator();
        for (String path : certificates) {
            generator.addRecipientInfoGenerator(recipient(certificate(path)));
        }
        var encryptor = (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM)
                .setProvider(BC).build();
        return encoded(generator.generate(content, encryptor).toASN1Structure(), form);
    }

    private static RecipientInfoGenerator recipient(X509Certificate certificate) throws Exception {
        if (certificate.getPublicKey() instanceof RSAPublicKey) {
            AlgorithmIdentifier oaep = new JcaAlgorithmParametersConverter().getAlgorithmIdentifier(
                    PKCSObjectIdentifiers.id_RSAES_OAEP, new OAEPParameterSpec("SHA-256", "MGF1",
                            MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT));
            return new JceKeyTransRecipientInfoGenerator(certificate, oaep).setProvider(BC);
        }
        KeyPairGenerator pairs = KeyPairGenerator.getInstance("EC", BC);
        pairs.initialize(((ECPublicKey) certificate.getPublicKey()).getParams());
        KeyPair ephemeral = pairs.generateKeyPair();
        return new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF, ephemeral.getPrivate(),
                ephemeral.getPublic(), CMSAlgorithm.AES256_WRAP).addRecipient(certificate).setProvider(BC);
    }

    private static byte[] decrypt(PrivateKey key, X509Certificate certificate, byte[] sealed) throws Exception {
        boolean rsa = certificate.getPublicKey() instanceof RSAPublicKey;
        boolean authenticated = ContentInfo.getInstance(sealed).getContentType()
                .equals(PKCSObjectIdentifiers.id_ct_authEnvelopedData);
        Recipient recipient;
        Collection<RecipientInformation> entries;
        var wanted = rsa ? new JceKeyTransRecipientId(certificate) : new JceKeyAgreeRecipientId(certificate);
        if (authenticated) {
            entries = new CMSAuthEnvelopedData(sealed).getRecipientInfos().getRecipients(wanted);
            recipient = rsa ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider(BC)
                    : new KeyAgreeAuthEnvelopedRecipient(key).setProvider(BC);
        } else {
            entries = new CMSEnvelopedData(sealed).getRecipientInfos().getRecipients(wanted);
            recipient = rsa ? new JceKeyTransEnvelopedRecipient(key).setProvider(BC)
                    : new JceKeyAgreeEnvelopedRecipient(key).setProvider(BC);
        }
        if (entries.size() != 1) {
            throw new CMSException(entries.size() + " entries for this certificate");
        }
        return entries.iterator().next().getContent(recipient);
    }

    private static byte[] verify(X509Certificate authority, byte[] inner) throws Exception {
        var signed = new CMSSignedData(inner);
        Collection<SignerInformation> signers = signed.getSignerInfos().getSigners();
        if (signers.size() != 1) {
            throw new CMSException(signers.size() + " signers");
        }
        SignerInformation signer = signers.iterator().next();
        @SuppressWarnings("unchecked")
        Collection<X509CertificateHolder> matching = signed.getCertificates().getMatches(signer.getSID());
        X509Certificate certificate = new JcaX509CertificateConverter().setProvider(BC)
                .getCertificate(matching.iterator().next());
        certificate.verify(authority.getPublicKey(), BC);
        if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(BC).build(certificate))) {
            throw new CMSException("the signature is false");
        }
        var ess = SigningCertificateV2.getInstance(signer.getSignedAttributes()
                .get(PKCSObjectIdentifiers.id_aa_signingCertificateV2).getAttrValues().getObjectAt(0));
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        if (!MessageDigest.isEqual(hash, ess.getCerts()[0].getCertHash())) {
            throw new CMSException("signingCertificateV2 names another certificate");
        }
        return (byte[]) signed.getSignedContent().getContent();
    }

    /** What BouncyCastle 1.72 has for RSA recipients only: AES-GCM content under a key from ECDH. */
    private static final class KeyAgreeAuthEnvelopedRecipient extends JceKeyAgreeRecipient {
        KeyAgreeAuthEnvelopedRecipient(PrivateKey key) {
            super(key);
        }

        @Override
        public RecipientOperator getRecipientOperator(AlgorithmIdentifier keyAlgorithm,
                AlgorithmIdentifier contentAlgorithm, SubjectPublicKeyInfo sender, ASN1OctetString material,
                byte[] encryptedKey) throws CMSException {
            Key contentKey = extractSecretKey(keyAlgorithm, contentAlgorithm, sender, material, encryptedKey);
            GCMParameters parameters = GCMParameters.getInstance(contentAlgorithm.getParameters());
            Cipher cipher;
            try {
                cipher = Cipher.getInstance("AES/GCM/NoPadding", BC);
                cipher.init(Cipher.DECRYPT_MODE, contentKey,
                        new GCMParameterSpec(parameters.getIcvLen() * 8, parameters.getNonce()));
            } catch (GeneralSecurityException failure) {
                throw new CMSException("cannot decrypt", failure);
            }
            return new RecipientOperator(new InputAEADDecryptor() {
                @Override
                public AlgorithmIdentifier getAlgorithmIdentifier() {
                    return contentAlgorithm;
                }

                @Override
                public InputStream getInputStream(InputStream ciphertextAndTag) {
                    return new CipherInputStream(ciphertextAndTag, cipher);
                }

                @Override
                public OutputStream getAADStream() {
                    return OutputStream.nullOutputStream();
                }

                @Override
                public byte[] getMAC() {
                    return new byte[0];
                }
            });
        }
    }

    private static byte[] encoded(ContentInfo info, String form) throws IOException {
        return form.equals("DER") ? info.getEncoded(ASN1Encoding.DER) : info.getEncoded();
    }

    private static PrivateKey key(String path, String certificate) throws Exception {
        String text = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance(certificate(certificate).getPublicKey().getAlgorithm(), BC)
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text)));
    }

    private static X509Certificate certificate(String path) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509", BC)
                .generateCertificate(new ByteArrayInputStream(read(path)));
    }

    private static byte[] read(String path) throws IOException {
        return Files.readAllBytes(Path.of(path));
    }

    private static void write(String path, byte[] content) throws IOException {
        Files.write(Path.of(path), content);
    }
}
