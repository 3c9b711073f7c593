/* The inner loops of reading and writing, compiled: the twins of gateway/edifact/plain.py, where their contracts stand.
 *
 * With the same arguments, of the types that core.Core names, both return the same (tests/contract); the class that
 * cut() is given is Segment itself. Texts are looked at where they have one byte per
 * character, which they have unless the set is an ISO 8859 part with letters beyond Latin-1; other texts are given to
 * the twin in Python. Nothing here writes into a buffer that it did not make for exactly that length, and no index is
 * used that was not compared with the length before.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#ifdef Py_GIL_DISABLED
#error "what components() keeps is not guarded against other threads: without the GIL the plain twin serves"
#endif

#ifndef Py_T_OBJECT_EX
#include <structmember.h>
#define Py_T_OBJECT_EX T_OBJECT_EX
#endif

#ifndef SOURCE
#define SOURCE "" /* the digest of this file, by which core.py knows what it was made from */
#endif
#define MOST 10000 /* as in plain.py: elements and components that are told apart */

#define KEPT_BITS 12
#define KEPT (1 << KEPT_BITS) /* elements that components() keeps */
#define IDLE_STEP 4096 /* characters after which idle() asks itself whether it knows already */

typedef const unsigned char *Bytes;

static PyObject *plain;                      /* gateway.edifact.plain */
static PyObject *str_elements, *str_tag;     /* the names of the methods of Wire */

/* The characters of a text where each has one byte; 0 where they have more. */
static int
narrow(PyObject *text, Bytes *found, Py_ssize_t *length)
{
    if (PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND)
        return 0;
    *found = (Bytes)PyUnicode_1BYTE_DATA(text);
    *length = PyUnicode_GET_LENGTH(text);
    return 1;
}

/* The code of a text of one character below 256; -1 for any other. */
static int
single(PyObject *text)
{
    Py_UCS4 character;
    if (!PyUnicode_Check(text) || PyUnicode_GET_LENGTH(text) != 1)
        return -1;
    character = PyUnicode_READ_CHAR(text, 0);
    return character < 256 ? (int)character : -1;
}

static PyObject *
latin(Bytes from, Py_ssize_t length)
{
    return PyUnicode_DecodeLatin1((const char *)from, length, NULL);
}

static PyObject *
in_python(const char *name, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *twin = PyObject_GetAttrString(plain, name), *result;
    if (twin == NULL)
        return NULL;
    result = PyObject_Vectorcall(twin, arguments, (size_t)count, NULL);
    Py_DECREF(twin);
    return result;
}

static int
counted(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, not %zd", name, wanted, given);
    return 0;
}

static int
texts(const char *name, PyObject *const *arguments, Py_ssize_t first, Py_ssize_t last)
{
    for (; first <= last; first++)
        if (!PyUnicode_Check(arguments[first])) {
            PyErr_Format(PyExc_TypeError, "%s() takes text, not %.80s", name, Py_TYPE(arguments[first])->tp_name);
            return 0;
        }
    return 1;
}

static int
append_number(PyObject *list, Py_ssize_t number)
{
    PyObject *made = PyLong_FromSsize_t(number);
    int failed;
    if (made == NULL)
        return -1;
    failed = PyList_Append(list, made);
    Py_DECREF(made);
    return failed;
}

static int
upper(unsigned char one)
{
    return one >= 'A' && one <= 'Z';
}

static int
tagged(unsigned char one)
{
    return upper(one) || (one >= '0' && one <= '9');
}

static int
alphanumeric(unsigned char one)
{
    return tagged(one) || (one >= 'a' && one <= 'z');
}

/* ---- places(text, start, terminator, element, to_edge) ---- */

static PyObject *
core_places(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Bytes text, at, end;
    Py_ssize_t length, start;
    int terminator, element, to_edge;
    PyObject *found;

    if (!counted("places", count, 5) || !texts("places", arguments, 0, 0) || !texts("places", arguments, 2, 3))
        return NULL;
    start = PyLong_AsSsize_t(arguments[1]);
    to_edge = PyObject_IsTrue(arguments[4]);
    if (to_edge < 0 || (start == -1 && PyErr_Occurred()))
        return NULL;
    terminator = single(arguments[2]);
    element = single(arguments[3]);
    if (terminator < 0 || element < 0 || start < 0 || !narrow(arguments[0], &text, &length))
        return in_python("places", arguments, count);
    found = PyList_New(0);
    if (found == NULL || start >= length)
        return found;
    end = text + length;
    for (at = text + start; (at = memchr(at, terminator, (size_t)(end - at))) != NULL;) {
        at++;
        if (end - at >= 4 && upper(at[0]) && at[0] != 'U' && tagged(at[1]) && tagged(at[2])
            && (at[3] == element || at[3] == terminator))
            continue;
        if (append_number(found, at - text) < 0) {
            Py_DECREF(found);
            return NULL;
        }
        if (to_edge && at < end && (at[0] == 'U' || at[0] == ' ')
            && !(end - at >= 3 && at[0] == 'U' && at[1] == 'N' && (at[2] == 'H' || at[2] == 'T' || at[2] == 'S')))
            break;
        if (at == end)
            break;
    }
    return found;
}

/* ---- exchanged(text, release, markers) ---- */

static PyObject *
core_exchanged(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Bytes text, from;
    Py_ssize_t length, place = 0;
    int release, marker_of[256], number;
    unsigned char *made;
    PyObject *key, *marker, *result;

    if (!counted("exchanged", count, 3) || !texts("exchanged", arguments, 0, 1))
        return NULL;
    release = single(arguments[1]);
    if (release < 0 || !PyDict_CheckExact(arguments[2]) || !narrow(arguments[0], &text, &length))
        return in_python("exchanged", arguments, count);
    for (number = 0; number < 256; number++)
        marker_of[number] = number;
    while (PyDict_Next(arguments[2], &place, &key, &marker)) {
        int from_code = single(key), to_code = single(marker);
        if (from_code < 0 || to_code < 0)
            return in_python("exchanged", arguments, count);
        marker_of[from_code] = to_code;
    }
    if (length == 0 || memchr(text, release, (size_t)length) == NULL)
        return Py_NewRef(arguments[0]);
    made = PyMem_Malloc((size_t)length);
    if (made == NULL)
        return PyErr_NoMemory();
    memcpy(made, text, (size_t)length);
    for (from = text; (from = memchr(from, release, (size_t)(text + length - from))) != NULL;) {
        if (++from == text + length)
            break; /* a release character at the end protects nothing */
        made[from - text] = (unsigned char)marker_of[*from];
        if (++from == text + length)
            break;
    }
    result = latin(made, length);
    PyMem_Free(made);
    return result;
}

/* ---- services(text, terminator, places) ---- */

/* Without a jump in it the loop becomes vector instructions; so does the one of idle(). */
static Py_ssize_t
terminators(Bytes from, Bytes to, unsigned char terminator)
{
    Py_ssize_t found = 0;
    for (; from < to; from++)
        found += *from == terminator;
    return found;
}

/* Note the segment that begins at `place` if it begins with UN; 0 when all went well. */
static int
service(PyObject *found, Bytes text, Py_ssize_t length, int terminator, Py_ssize_t place, Py_ssize_t *number,
        Py_ssize_t *before)
{
    Bytes at, stop;
    PyObject *key, *value;
    int failed;

    if (place < 0 || length - place < 2 || text[place] != 'U' || text[place + 1] != 'N')
        return 0;
    if (place > *before) {
        *number += terminators(text + *before, text + place, (unsigned char)terminator);
    }
    *before = place;
    at = text + place;
    stop = memchr(at, terminator, (size_t)(length - place));
    key = PyLong_FromSsize_t(*number);
    value = latin(at, (stop == NULL ? text + length : stop) - at);
    failed = key == NULL || value == NULL || PyDict_SetItem(found, key, value) < 0;
    Py_XDECREF(key);
    Py_XDECREF(value);
    return failed ? -1 : 0;
}

static PyObject *
core_services(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Bytes text;
    Py_ssize_t length, number = 0, before = 0, index, places;
    int terminator;
    PyObject *found, *sequence;

    if (!counted("services", count, 3) || !texts("services", arguments, 0, 1))
        return NULL;
    terminator = single(arguments[1]);
    if (terminator < 0 || !narrow(arguments[0], &text, &length))
        return in_python("services", arguments, count);
    sequence = PySequence_Fast(arguments[2], "places are a sequence");
    if (sequence == NULL)
        return NULL;
    found = PyDict_New();
    if (found == NULL || service(found, text, length, terminator, 0, &number, &before) < 0)
        goto failed;
    places = PySequence_Fast_GET_SIZE(sequence);
    for (index = 0; index < places; index++) {
        Py_ssize_t place = PyLong_AsSsize_t(PySequence_Fast_GET_ITEM(sequence, index));
        if (place == -1 && PyErr_Occurred())
            goto failed;
        if (service(found, text, length, terminator, place, &number, &before) < 0)
            goto failed;
    }
    Py_DECREF(sequence);
    number += terminators(text + before, text + length, (unsigned char)terminator);
    return Py_BuildValue("Nn", found, number);
failed:
    Py_DECREF(sequence);
    Py_XDECREF(found);
    return NULL;
}

/* ---- idle(text, component, element, terminator) ---- */

static PyObject *
core_idle(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Bytes text;
    Py_ssize_t length, at;
    int component_code, element_code, terminator_code;
    unsigned char component, element, terminator;

    if (!counted("idle", count, 4) || !texts("idle", arguments, 0, 3))
        return NULL;
    component_code = single(arguments[1]);
    element_code = single(arguments[2]);
    terminator_code = single(arguments[3]);
    if (component_code < 0 || element_code < 0 || terminator_code < 0 || !narrow(arguments[0], &text, &length))
        return in_python("idle", arguments, count);
    component = (unsigned char)component_code;
    element = (unsigned char)element_code;
    terminator = (unsigned char)terminator_code;
    for (at = 0; at + 1 < length;) {
        Py_ssize_t stop = length - 1 - at > IDLE_STEP ? at + IDLE_STEP : length - 1;
        unsigned char found = 0;
        for (; at < stop; at++) {
            unsigned char one = text[at], next = text[at + 1];
            unsigned char weak = one == component, either = weak | (one == element);
            found |= (weak & (next == element)) | (either & (next == terminator));
        }
        if (found)
            Py_RETURN_TRUE;
    }
    Py_RETURN_FALSE;
}

/* ---- cut(kind, wire, raws, start, positions, element, component, odd) ---- */

enum { WIRE, INDEX, RAW, POSITION, TAG, ELEMENTS, SLOTS };
static const char *const slot_names[SLOTS] = {"_wire", "_index", "_raw", "position", "tag", "elements"};

typedef struct {
    PyObject_HEAD
    PyTypeObject *kind;
    PyObject *wire, *raws, *positions;
    Py_ssize_t next;
    Py_ssize_t offsets[SLOTS];
    int element, component, release, repetition, decoded; /* -1: there is none */
    int foreign;                /* a protected character, or what stands for it, is beyond Latin-1 */
    unsigned char meant[256];   /* what each character stands for in a value */
} Cutter;

static int
cutter_traverse(Cutter *self, visitproc visit, void *arg)
{
    Py_VISIT(self->kind);
    Py_VISIT(self->wire);
    Py_VISIT(self->raws);
    Py_VISIT(self->positions);
    return 0;
}

static int
cutter_clear(Cutter *self)
{
    Py_CLEAR(self->kind);
    Py_CLEAR(self->wire);
    Py_CLEAR(self->raws);
    Py_CLEAR(self->positions);
    return 0;
}

static void
cutter_dealloc(Cutter *self)
{
    PyObject_GC_UnTrack(self);
    cutter_clear(self);
    PyObject_GC_Del(self);
}

/* Codes, qualifiers and short texts come again and again: what they became is kept, in a table of fixed size in which a
 * newcomer takes the place of whoever was there. Tuples of texts are never altered, so they can be shared. */
typedef struct {
    uint64_t first, second;
    unsigned char length, component;
    PyObject *made;
} Kept;

static Kept kept[KEPT];

/* The place in the table for an element of 1 to 16 characters. */
static Kept *
place_of(Bytes from, Py_ssize_t length, int component, uint64_t *first, uint64_t *second)
{
    uint64_t mixed;
    *first = *second = 0;
    memcpy(first, from, (size_t)(length < 8 ? length : 8));
    if (length > 8)
        memcpy(second, from + 8, (size_t)(length - 8));
    mixed = (*first ^ (*second * UINT64_C(0x9E3779B97F4A7C15)) ^ (uint64_t)length ^ ((uint64_t)component << 56));
    mixed *= UINT64_C(0xD6E8FEB86659FD93);
    return &kept[mixed >> (64 - KEPT_BITS)];
}

/* A text without its release characters, and with what they protect in its place. */
static PyObject *
meant(Cutter *self, Bytes from, Py_ssize_t length)
{
    unsigned char few[256], *made = few;
    Py_ssize_t kept_length = 0, number;
    PyObject *result;

    if (length > (Py_ssize_t)sizeof few && (made = PyMem_Malloc((size_t)length)) == NULL)
        return PyErr_NoMemory();
    for (number = 0; number < length; number++)
        if (from[number] != self->release)
            made[kept_length++] = self->meant[from[number]];
    result = latin(made, kept_length);
    if (made != few)
        PyMem_Free(made);
    return result;
}

/* The components of one data element as a new tuple; NULL with no exception when there are more than are told apart. */
static PyObject *
split(Cutter *self, Bytes from, Bytes to)
{
    Py_ssize_t separators = 0, number;
    Bytes at;
    PyObject *made;

    for (at = from; at < to; at++)
        separators += *at == self->component;
    if (separators > MOST)
        return NULL;
    made = PyTuple_New(separators + 1);
    if (made == NULL)
        return NULL;
    for (number = 0; number <= separators; number++) {
        PyObject *text;
        int released = 0;
        for (at = from; at < to && *at != self->component; at++)
            released |= *at == self->release;
        text = released ? meant(self, from, at - from) : latin(from, at - from);
        if (text == NULL) {
            Py_DECREF(made);
            return NULL;
        }
        PyTuple_SET_ITEM(made, number, text);
        from = at + 1;
    }
    return made;
}

/* The same, new or kept. */
static PyObject *
components(Cutter *self, Bytes from, Bytes to)
{
    Py_ssize_t length = to - from;
    uint64_t first, second;
    Kept *one;
    PyObject *made;

    if (length == 0)
        return PyTuple_New(0);
    if (length > 16 || (self->release >= 0 && memchr(from, self->release, (size_t)length) != NULL))
        return split(self, from, to);
    one = place_of(from, length, self->component, &first, &second);
    if (one->made != NULL && one->first == first && one->second == second && one->length == length
        && one->component == self->component)
        return Py_NewRef(one->made);
    made = split(self, from, to);
    if (made != NULL) {
        PyObject *before = one->made;
        *one = (Kept){first, second, (unsigned char)length, (unsigned char)self->component, Py_NewRef(made)};
        Py_XDECREF(before);
    }
    return made;
}

/* The elements behind the tag, which ends at `from`; NULL as above. */
static PyObject *
elements(Cutter *self, Bytes from, Bytes to)
{
    Py_ssize_t separators = 0, number;
    Bytes at;
    PyObject *made;

    for (at = from; at < to; at++)
        separators += *at == self->element;
    if (separators > MOST)
        return NULL;
    made = PyTuple_New(separators);
    if (made == NULL)
        return NULL;
    for (number = 0; number < separators; number++) {
        PyObject *one;
        from++; /* the separator before it */
        at = memchr(from, self->element, (size_t)(to - from));
        if (at == NULL)
            at = to;
        one = components(self, from, at);
        if (one == NULL) {
            Py_DECREF(made);
            return NULL;
        }
        PyTuple_SET_ITEM(made, number, one);
        from = at;
    }
    return made;
}

static int
odd_one(Cutter *self, PyObject *raw, Bytes text, Py_ssize_t length)
{
    return (self->foreign && memchr(text, self->release, (size_t)length) != NULL)
           || (self->repetition >= 0 && memchr(text, self->repetition, (size_t)length) != NULL)
           || (self->decoded && !PyUnicode_IS_ASCII(raw));
}

/* Put a value, whose reference is given away, into a slot of a segment that was just made. */
static void
put(Cutter *self, PyObject *segment, int slot, PyObject *value)
{
    PyObject **place = (PyObject **)((char *)segment + self->offsets[slot]);
    Py_XSETREF(*place, value);
}

/* The tag of a segment: what stands before `at` where that is simple, else what the wire says. */
static PyObject *
tag_of(Cutter *self, PyObject *raw, Bytes text, Py_ssize_t length, int simple)
{
    PyObject *both, *tag;
    if (simple)
        return latin(text, length);
    both = PyObject_CallMethodOneArg(self->wire, str_tag, raw);
    if (both == NULL)
        return NULL;
    tag = PySequence_GetItem(both, 0);
    Py_DECREF(both);
    return tag;
}

/* Look into a segment: its tag and its elements. 0 when all went well. */
static int
look(Cutter *self, PyObject *segment, PyObject *raw)
{
    PyObject *tag, *found = NULL;
    Bytes text = NULL, at;
    Py_ssize_t length = 0;
    int simple;

    if (!narrow(raw, &text, &length))
        tag = tag_of(self, raw, NULL, 0, 0);
    else if (odd_one(self, raw, text, length))
        tag = tag_of(self, raw, text, 3, length > 3 && text[3] == self->element && alphanumeric(text[0])
                                             && alphanumeric(text[1]) && alphanumeric(text[2]));
    else {
        at = memchr(text, self->element, (size_t)length);
        if (at == NULL)
            at = text + length;
        found = elements(self, at, text + length);
        if (found == NULL && PyErr_Occurred())
            return -1;
        simple = memchr(text, self->component, (size_t)(at - text)) == NULL
                 && (self->release < 0 || memchr(text, self->release, (size_t)(at - text)) == NULL);
        tag = tag_of(self, raw, text, at - text, simple);
    }
    if (tag == NULL) {
        Py_XDECREF(found);
        return -1;
    }
    put(self, segment, TAG, tag);
    if (found == NULL && (found = PyObject_CallMethodOneArg(self->wire, str_elements, raw)) == NULL)
        return -1;
    put(self, segment, ELEMENTS, found);
    return 0;
}

static PyObject *
cutter_next(Cutter *self)
{
    PyObject *raw, *position, *segment, *index;

    if (self->positions == NULL)
        return NULL;
    position = PyIter_Next(self->positions);
    if (position == NULL)
        return NULL;
    if (self->next >= PyList_GET_SIZE(self->raws) || !PyUnicode_Check(PyList_GET_ITEM(self->raws, self->next))) {
        Py_DECREF(position);
        Py_CLEAR(self->positions);
        PyErr_SetString(PyExc_ValueError, "there is no text of a segment for this position");
        return NULL;
    }
    raw = Py_NewRef(PyList_GET_ITEM(self->raws, self->next));
    index = PyLong_FromSsize_t(self->next);
    segment = index == NULL ? NULL : self->kind->tp_alloc(self->kind, 0);
    if (segment == NULL) {
        Py_XDECREF(index);
        Py_DECREF(position);
        Py_DECREF(raw);
        return NULL;
    }
    self->next++;
    put(self, segment, WIRE, Py_NewRef(self->wire));
    put(self, segment, INDEX, index);
    put(self, segment, RAW, Py_NewRef(raw)); /* ours until it was looked at: Python code runs meanwhile */
    put(self, segment, POSITION, position);
    if (look(self, segment, raw) < 0) {
        Py_CLEAR(segment);
        Py_CLEAR(self->positions);
    }
    Py_DECREF(raw);
    return segment;
}

static PyTypeObject Cutter_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_corridor_edifact.Cutter",
    .tp_doc = "The segments of a wire, one after the other.",
    .tp_basicsize = sizeof(Cutter),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = (traverseproc)cutter_traverse,
    .tp_clear = (inquiry)cutter_clear,
    .tp_dealloc = (destructor)cutter_dealloc,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)cutter_next,
};

/* Where the slots of a segment lie; 0 when the class has not the slots that we fill. */
static int
find_slots(PyTypeObject *kind, Py_ssize_t *offsets)
{
    int slot;
    for (slot = 0; slot < SLOTS; slot++) {
        PyObject *descriptor = PyObject_GetAttrString((PyObject *)kind, slot_names[slot]);
        PyMemberDef *member;
        if (descriptor == NULL)
            return 0;
        member = Py_IS_TYPE(descriptor, &PyMemberDescr_Type) ? ((PyMemberDescrObject *)descriptor)->d_member : NULL;
        if (member == NULL || member->type != Py_T_OBJECT_EX || PyDescr_TYPE(descriptor) != kind) {
            Py_DECREF(descriptor);
            PyErr_Format(PyExc_TypeError, "%s is no slot", slot_names[slot]);
            return 0;
        }
        offsets[slot] = member->offset;
        Py_DECREF(descriptor);
    }
    return 1;
}

/* What each character stands for, from the markers of the wire; 0 when that failed. */
static int
find_meant(Cutter *self)
{
    PyObject *markers, *pair;
    Py_ssize_t number;

    self->foreign = 0;
    for (number = 0; number < 256; number++)
        self->meant[number] = (unsigned char)number;
    if (self->release < 0)
        return 1;
    markers = PyObject_GetAttrString(self->wire, "markers");
    if (markers == NULL)
        return 0;
    if (!PyTuple_CheckExact(markers)) {
        Py_DECREF(markers);
        PyErr_SetString(PyExc_TypeError, "the markers of a wire are a tuple");
        return 0;
    }
    for (number = 0; number < PyTuple_GET_SIZE(markers); number++) {
        int character = -1, marker = -1;
        pair = PyTuple_GET_ITEM(markers, number);
        if (PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) == 2) {
            character = single(PyTuple_GET_ITEM(pair, 0));
            marker = single(PyTuple_GET_ITEM(pair, 1));
        }
        if (character < 0 || marker < 0)
            self->foreign = 1;
        else
            self->meant[marker] = (unsigned char)character;
    }
    Py_DECREF(markers);
    return 1;
}

static PyObject *
core_cut(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    Cutter *self;
    Py_ssize_t start;
    PyObject *odd;

    if (!counted("cut", count, 8))
        return NULL;
    odd = arguments[7];
    if (!PyType_Check(arguments[0]) || !PyList_CheckExact(arguments[2]) || !PyTuple_CheckExact(odd)
        || PyTuple_GET_SIZE(odd) != 3) {
        PyErr_SetString(PyExc_TypeError, "cut() takes a class, a wire, a list of texts, and what is odd in them");
        return NULL;
    }
    start = PyLong_AsSsize_t(arguments[3]);
    if (start == -1 && PyErr_Occurred())
        return NULL;
    if (single(arguments[5]) < 0 || single(arguments[6]) < 0 || start < 0
        || (PyTuple_GET_ITEM(odd, 0) != Py_None && single(PyTuple_GET_ITEM(odd, 0)) < 0)
        || (PyTuple_GET_ITEM(odd, 1) != Py_None && single(PyTuple_GET_ITEM(odd, 1)) < 0))
        return in_python("cut", arguments, count);
    self = PyObject_GC_New(Cutter, &Cutter_Type);
    if (self == NULL)
        return NULL;
    self->kind = (PyTypeObject *)Py_NewRef(arguments[0]);
    self->wire = Py_NewRef(arguments[1]);
    self->raws = Py_NewRef(arguments[2]);
    self->positions = PyObject_GetIter(arguments[4]);
    self->next = start;
    self->element = single(arguments[5]);
    self->component = single(arguments[6]);
    self->release = PyTuple_GET_ITEM(odd, 0) == Py_None ? -1 : single(PyTuple_GET_ITEM(odd, 0));
    self->repetition = PyTuple_GET_ITEM(odd, 1) == Py_None ? -1 : single(PyTuple_GET_ITEM(odd, 1));
    self->decoded = PyObject_IsTrue(PyTuple_GET_ITEM(odd, 2));
    PyObject_GC_Track((PyObject *)self);
    if (self->positions == NULL || self->decoded < 0 || !find_meant(self) || !find_slots(self->kind, self->offsets)) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* ---- joined(segments, repeats) ---- */

typedef struct {
    unsigned char *text;
    Py_ssize_t length, room;
} Buffer;

/* Make room for more characters; 0 when all went well. */
static int
grow(Buffer *buffer, Py_ssize_t more)
{
    unsigned char *larger;
    Py_ssize_t room = buffer->room;
    if (more <= room - buffer->length)
        return 0;
    if (more > PY_SSIZE_T_MAX / 4 - buffer->length) {
        PyErr_NoMemory();
        return -1;
    }
    room = (buffer->length + more) * 2;
    larger = PyMem_Realloc(buffer->text, (size_t)room);
    if (larger == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    buffer->text = larger;
    buffer->room = room;
    return 0;
}

enum { PLAIN, RELEASED, OURS }; /* what a character of a value is: itself, in need of release, one of plain.joined's */
enum { WELL, LOOK, ASK_PYTHON, FAILED };

/* Append a value, released. */
static int
append(Buffer *buffer, PyObject *value, const unsigned char *classes)
{
    Bytes text;
    Py_ssize_t length, number;
    unsigned char *to;

    if (!PyUnicode_CheckExact(value) || !narrow(value, &text, &length))
        return ASK_PYTHON;
    if (length > PY_SSIZE_T_MAX / 8 || grow(buffer, 2 * length + 2) < 0) {
        if (!PyErr_Occurred())
            PyErr_NoMemory();
        return FAILED;
    }
    to = buffer->text + buffer->length;
    for (number = 0; number < length; number++) {
        unsigned char one = text[number];
        if (classes[one] != PLAIN) {
            if (classes[one] == OURS)
                return LOOK;
            *to++ = '?';
        }
        *to++ = one;
    }
    buffer->length = to - buffer->text;
    return WELL;
}

static int
separate(Buffer *buffer, unsigned char separator)
{
    if (grow(buffer, 1) < 0)
        return FAILED;
    buffer->text[buffer->length++] = separator;
    return WELL;
}

static int
append_segment(Buffer *buffer, PyObject *tag, PyObject *listed, const unsigned char *classes)
{
    Py_ssize_t element, component, first = buffer->length;
    int state = append(buffer, tag, classes);

    if (state == WELL && buffer->length > first && memchr(" \t\r\n", buffer->text[first], 4) != NULL)
        state = LOOK; /* between segments a blank would be nobody's */
    for (element = 0; state == WELL && element < PySequence_Fast_GET_SIZE(listed); element++) {
        PyObject *one = PySequence_Fast_GET_ITEM(listed, element);
        if (!PyTuple_Check(one))
            return ASK_PYTHON;
        state = separate(buffer, '+');
        for (component = 0; state == WELL && component < PyTuple_GET_SIZE(one); component++) {
            if (component > 0)
                state = separate(buffer, ':');
            if (state == WELL)
                state = append(buffer, PyTuple_GET_ITEM(one, component), classes);
        }
    }
    return state == WELL ? separate(buffer, '\'') : state;
}

static PyObject *
core_joined(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    unsigned char classes[256] = {0};
    Buffer buffer = {NULL, 0, 0};
    PyObject *sequence, *result = NULL;
    Py_ssize_t number;
    int state = WELL, repeats;

    if (!counted("joined", count, 2))
        return NULL;
    repeats = PyObject_IsTrue(arguments[1]);
    if (repeats < 0)
        return NULL;
    classes['?'] = classes['+'] = classes[':'] = classes['\''] = RELEASED;
    classes['*'] = repeats ? RELEASED : PLAIN;
    classes[0x1c] = classes[0x1d] = classes[0x1f] = OURS;
    sequence = PySequence_Fast(arguments[0], "segments are a sequence");
    if (sequence == NULL)
        return NULL;
    for (number = 0; state == WELL && number < PySequence_Fast_GET_SIZE(sequence); number++) {
        PyObject *segment = PySequence_Fast_GET_ITEM(sequence, number), *listed;
        if (!PyTuple_Check(segment) || PyTuple_GET_SIZE(segment) != 2) {
            state = ASK_PYTHON;
            break;
        }
        listed = PyTuple_GET_ITEM(segment, 1);
        state = PyTuple_Check(listed) || PyList_Check(listed)
                    ? append_segment(&buffer, PyTuple_GET_ITEM(segment, 0), listed, classes)
                    : ASK_PYTHON;
    }
    Py_DECREF(sequence);
    if (state == WELL)
        result = latin(buffer.text, buffer.length);
    else if (state == LOOK)
        result = Py_NewRef(Py_None);
    else if (state == ASK_PYTHON)
        result = in_python("joined", arguments, count);
    PyMem_Free(buffer.text);
    return result;
}

/* ---- the module ---- */

#define FUNCTION(name) {#name, (PyCFunction)(void (*)(void))core_##name, METH_FASTCALL, "See gateway.edifact.plain."}

static PyMethodDef functions[] = {
    FUNCTION(places), FUNCTION(exchanged), FUNCTION(services), FUNCTION(idle), FUNCTION(cut), FUNCTION(joined), {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_corridor_edifact",
    .m_doc = "The inner loops of gateway.edifact, compiled.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC
PyInit__corridor_edifact(void)
{
    PyObject *module;
    if (PyType_Ready(&Cutter_Type) < 0)
        return NULL;
    if (plain == NULL && (plain = PyImport_ImportModule("gateway.edifact.plain")) == NULL)
        return NULL;
    if (str_elements == NULL && (str_elements = PyUnicode_InternFromString("elements")) == NULL)
        return NULL;
    if (str_tag == NULL && (str_tag = PyUnicode_InternFromString("tag")) == NULL)
        return NULL;
    module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddStringConstant(module, "SOURCE", SOURCE) < 0)
        Py_CLEAR(module);
    return module;
}
