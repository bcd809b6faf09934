/* Structs into JSON. */
#include <proto/api.h>

#include <proto/json.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/utf8.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct api_doc {
    json_t *root;
    bool failed;
};

struct api_doc *api_doc_new(void)
{
    CLEANUP(api_doc_freep) struct api_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL)
        return NULL;
    doc->root = json_object();
    return doc->root == NULL ? NULL : STEAL(doc);
}

void api_doc_free(struct api_doc *doc)
{
    if (doc == NULL)
        return;
    json_decref(doc->root);
    free(doc);
}

void api_doc_freep(struct api_doc **doc)
{
    api_doc_free(*doc);
    *doc = NULL;
}

static json_t *make_text(struct bytes text)
{
    if (utf8_is_valid(text))
        return json_stringn(text.n > 0 ? (const char *)text.p : "", text.n);
    return json_string(err_value(text).text);
}

static json_t *make_number(const struct api_field *field, const void *from)
{
    int64_t number = 0;
    if (field->size == sizeof(uint8_t)) {
        number = *(const uint8_t *)from;
    } else if (field->size == sizeof(uint32_t)) {
        uint32_t narrow;
        memcpy(&narrow, from, sizeof narrow);
        number = narrow;
    } else {
        memcpy(&number, from, sizeof number);
    }
    return field->kind == API_NUMBER_OR_NULL && number < 0 ? json_null() : json_integer(number);
}

static json_t *make_time(int64_t at_s)
{
    time_t at = at_s;
    struct tm tm;
    char text[48];
    if (gmtime_r(&at, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return NULL;
    return json_string(text);
}

/* Octets as text of at most `max` characters, by `encode`. */
static json_t *make_encoded(struct bytes octets, size_t max,
                            void (*encode)(struct buf *b, struct bytes in))
{
    char *memory = malloc(max + 1);
    if (memory == NULL)
        return NULL;
    struct buf b = buf_over(memory, max);
    encode(&b, octets);
    json_t *text = json_stringn(memory, buf_bytes(&b).n);
    free(memory);
    return text;
}

static json_t *make_words(const void *from, const struct api_words *words)
{
    uint32_t bits;
    memcpy(&bits, from, sizeof bits);
    json_t *list = json_array();
    for (unsigned i = words->first; list != NULL && i < words->count; i++)
        if ((bits & UINT32_C(1) << i) != 0 &&
            json_array_append_new(list, json_string(words->word(i))) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *make_octets(const struct api_field *field, const void *from)
{
    struct bytes octets = bytes_of(from, field->size);
    if (field->kind != API_HASH)
        memcpy(&octets, from, sizeof octets);
    if (field->kind == API_BASE64)
        return make_encoded(octets, B64_ENCODED_MAX(octets.n), b64_encode);
    return make_encoded(octets, octets.n * 2, hex_encode);
}

static json_t *make_instant(const struct api_field *field, const void *from)
{
    int64_t at_s;
    memcpy(&at_s, from, sizeof at_s);
    return field->kind == API_TIME_OR_NULL && at_s == 0 ? json_null() : make_time(at_s);
}

static json_t *make_word(const struct api_field *field, const void *from)
{
    const char *word = field->words->word(*(const uint8_t *)from);
    return word == NULL ? json_null() : json_string(word);
}

static json_t *make_member(const struct api_field *field, const void *from)
{
    struct bytes text;
    switch (field->kind) {
    case API_TEXT:
    case API_LINES:
        memcpy(&text, from, sizeof text);
        return make_text(text);
    case API_NUMBER:
    case API_NUMBER_OR_NULL:
        return make_number(field, from);
    case API_FLAG:
        return json_boolean(*(const uint8_t *)from);
    case API_WORD:
        return make_word(field, from);
    case API_WORDS:
        return make_words(from, field->words);
    case API_TIME:
    case API_TIME_OR_NULL:
        return make_instant(field, from);
    case API_HEX:
    case API_HASH:
    case API_BASE64:
        return make_octets(field, from);
    case API_PAIRS:
    case API_NONE:
        break;
    }
    return NULL;
}

/* The jansson calls below take NULL for what could not be made, and fail. */
static void note(struct api_doc *doc, int jansson_result)
{
    doc->failed |= jansson_result != 0;
}

static json_t *child(struct api_doc *doc, const char *name, json_t *(*make)(void))
{
    json_t *there = json_object_get(doc->root, name);
    if (there != NULL)
        return there;
    note(doc, json_object_set_new(doc->root, name, make()));
    return json_object_get(doc->root, name);
}

static json_t *section_of(struct api_doc *doc, const char *section)
{
    return section == NULL ? doc->root : child(doc, section, json_object);
}

static void put_members(struct api_doc *doc, json_t *to, struct api_shape shape, const void *object)
{
    for (size_t i = 0; i < shape.n; i++) {
        const struct api_field *field = &shape.fields[i];
        const void *from = (const char *)object + field->offset;
        note(doc, json_object_set_new(to, field->name, make_member(field, from)));
    }
}

void api_put(struct api_doc *doc, const char *section, struct api_shape shape, const void *object)
{
    put_members(doc, section_of(doc, section), shape, object);
}

void api_add(struct api_doc *doc, const char *list, struct api_shape shape, const void *object)
{
    json_t *item = json_object();
    put_members(doc, item, shape, object);
    note(doc, json_array_append_new(child(doc, list, json_array), item));
}

void api_list(struct api_doc *doc, const char *list)
{
    (void)child(doc, list, json_array);
}

void api_add_text(struct api_doc *doc, const char *list, struct bytes text)
{
    note(doc, json_array_append_new(child(doc, list, json_array), make_text(text)));
}

void api_put_hex(struct api_doc *doc, const char *section, const char *name, struct bytes octets)
{
    json_t *text = make_encoded(octets, octets.n * 2, hex_encode);
    note(doc, json_object_set_new(section_of(doc, section), name, text));
}

void api_add_doc(struct api_doc *doc, const char *list, struct api_doc *item)
{
    doc->failed |= item == NULL || item->failed;
    if (item != NULL)
        note(doc, json_array_append(child(doc, list, json_array), item->root));
    api_doc_free(item);
}

void api_section(struct api_doc *doc, const char *section)
{
    (void)section_of(doc, section);
}

void api_put_text(struct api_doc *doc, const char *section, const char *name, struct bytes text)
{
    note(doc, json_object_set_new(section_of(doc, section), name, make_text(text)));
}

void api_put_number(struct api_doc *doc, const char *section, const char *name, int64_t number)
{
    note(doc, json_object_set_new(section_of(doc, section), name, json_integer(number)));
}

void api_put_flag(struct api_doc *doc, const char *name, bool flag)
{
    note(doc, json_object_set_new(doc->root, name, json_boolean(flag)));
}

void api_put_time(struct api_doc *doc, const char *section, const char *name, int64_t at_s)
{
    json_t *value = at_s == 0 ? json_null() : make_time(at_s);
    note(doc, json_object_set_new(section_of(doc, section), name, value));
}

void api_put_next(struct api_doc *doc, int64_t next)
{
    json_t *value = next == 0 ? json_null() : json_sprintf("%lld", (long long)next);
    note(doc, json_object_set_new(doc->root, "next", value));
}

enum result api_doc_write(const struct api_doc *doc, struct blob *ret, struct err *err)
{
    size_t n = 0;
    char *text = doc->failed ? NULL : json_to_text(doc->root, &n);
    if (text == NULL)
        return err_set(err, E_MEMORY, "no memory for an answer");
    *ret = (struct blob){(uint8_t *)text, n};
    return OK;
}
