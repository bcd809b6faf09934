/* JSON objects into structs: every way to refuse a member is a function of its own. */
#include <proto/api.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wire/buf.h>
#include <wire/der.h>

struct api_body {
    json_t *root;
};

void api_body_freep(struct api_body **body)
{
    if (*body == NULL)
        return;
    json_decref((*body)->root);
    free(*body);
    *body = NULL;
}

static const char *type_word(const json_t *value)
{
    static const char *const words[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return words[json_typeof(value)];
}

static enum result refuse_type(const struct api_field *field, const json_t *value,
                               const char *wanted, struct err *err)
{
    return err_set(err, E_SYNTAX, "%s: seen %s, wanted %s", field->name, type_word(value), wanted);
}

static struct bytes text_of(const json_t *value)
{
    return bytes_of(json_string_value(value), json_string_length(value));
}

static bool is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

static bool is_line_break(uint8_t c)
{
    return c == '\n' || c == '\r';
}

static bool has_control(struct bytes text, bool lines)
{
    for (size_t i = 0; i < text.n; i++)
        if (is_control(text.p[i]) && !(lines && is_line_break(text.p[i])))
            return true;
    return false;
}

static enum result read_text(const struct api_field *field, const json_t *value, void *to,
                             struct err *err)
{
    if (!json_is_string(value))
        return refuse_type(field, value, "text", err);
    struct bytes text = text_of(value);
    if (text.n < (size_t)field->min || text.n > (size_t)field->max)
        return err_set(err, E_SYNTAX, "%s: seen %zu octets, wanted %lld to %lld", field->name,
                       text.n, (long long)field->min, (long long)field->max);
    if (has_control(text, field->kind == API_LINES))
        return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted text without control characters",
                       field->name, err_value(text).text);
    memcpy(to, &text, sizeof text);
    return OK;
}

static void put_number(void *to, size_t size, int64_t number)
{
    if (size == sizeof(uint8_t)) {
        *(uint8_t *)to = (uint8_t)number;
    } else if (size == sizeof(uint32_t)) {
        uint32_t narrow = (uint32_t)number;
        memcpy(to, &narrow, sizeof narrow);
    } else {
        memcpy(to, &number, sizeof number);
    }
}

static enum result read_number(const struct api_field *field, const json_t *value, void *to,
                               struct err *err)
{
    if (!json_is_integer(value))
        return refuse_type(field, value, "a whole number", err);
    int64_t number = json_integer_value(value);
    if (number < field->min || number > field->max)
        return err_set(err, E_SYNTAX, "%s: seen %lld, wanted %lld to %lld", field->name,
                       (long long)number, (long long)field->min, (long long)field->max);
    put_number(to, field->size, number);
    return OK;
}

static enum result read_flag(const struct api_field *field, const json_t *value, void *to,
                             struct err *err)
{
    if (!json_is_boolean(value))
        return refuse_type(field, value, "true or false", err);
    *(uint8_t *)to = json_is_true(value);
    return OK;
}

/* "admin, operator, viewer" for a refusal; "admin, ..." where they do not fit. */
struct word_list {
    char text[ERR_TEXT_MAX / 2];
};
#define MORE ", ..."

static struct word_list word_list(const struct api_words *words)
{
    struct word_list list = {""};
    size_t n = 0;
    for (unsigned i = words->first; i < words->count; i++) {
        if (words->word(i) == NULL)
            continue;
        int more = snprintf(list.text + n, sizeof list.text - n, "%s%s", n > 0 ? ", " : "",
                            words->word(i));
        if (more < 0 || n + (size_t)more + sizeof MORE > sizeof list.text) {
            snprintf(list.text + n, sizeof list.text - n, MORE);
            return list;
        }
        n += (size_t)more;
    }
    return list;
}

enum result api_read_word(const char *name, struct bytes text, const struct api_words *words,
                          uint8_t *ret, struct err *err)
{
    for (unsigned i = words->first; i < words->count; i++) {
        const char *word = words->word(i);
        if (word != NULL && bytes_equal(text, bytes_of(word, strlen(word)))) {
            *ret = (uint8_t)i;
            return OK;
        }
    }
    return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted one of %s", name, err_value(text).text,
                   word_list(words).text);
}

static enum result read_word(const struct api_field *field, const json_t *value, void *to,
                             struct err *err)
{
    if (!json_is_string(value))
        return refuse_type(field, value, word_list(field->words).text, err);
    return api_read_word(field->name, text_of(value), field->words, to, err);
}

static enum result read_words(const struct api_field *field, const json_t *value, void *to,
                              struct err *err)
{
    if (!json_is_array(value))
        return refuse_type(field, value, "an array of words", err);
    uint32_t bits = 0;
    size_t i;
    const json_t *item;
    json_array_foreach(value, i, item)
    {
        uint8_t one = 0;
        TRY(read_word(field, item, &one, err));
        bits |= UINT32_C(1) << one;
    }
    if (bits == 0 && field->min > 0)
        return err_set(err, E_SYNTAX, "%s: seen none, wanted at least one of %s", field->name,
                       word_list(field->words).text);
    memcpy(to, &bits, sizeof bits);
    return OK;
}

static enum result read_pairs(const struct api_field *field, const json_t *value, void *to,
                              struct err *err)
{
    struct api_pairs pairs = {value};
    struct bytes text;
    const char *name;
    const json_t *one;
    if (!json_is_object(value))
        return refuse_type(field, value, "an object of texts", err);
    json_object_foreach((json_t *)(uintptr_t)value, name, one)
    {
        enum result result = read_text(field, one, &text, err);
        if (result != OK) {
            err_prefix(err, "%s", err_value(bytes_of(name, strlen(name))).text);
            return result;
        }
    }
    memcpy(to, &pairs, sizeof pairs);
    return OK;
}

enum result api_pairs_walk(struct api_pairs pairs, api_take_pair take, void *context,
                           struct err *err)
{
    const char *name;
    const json_t *value;
    if (pairs.object == NULL)
        return OK;
    json_object_foreach((json_t *)(uintptr_t)pairs.object, name, value)
        TRY(take(context, bytes_of(name, strlen(name)), text_of(value), err));
    return OK;
}

typedef enum result (*member_reader)(const struct api_field *field, const json_t *value, void *to,
                                     struct err *err);

static const member_reader readers[] = {
    [API_TEXT] = read_text,   [API_LINES] = read_text, [API_NUMBER] = read_number,
    [API_FLAG] = read_flag,   [API_WORD] = read_word,  [API_WORDS] = read_words,
    [API_PAIRS] = read_pairs,
};

static const struct api_field *field_named(struct api_shape shape, const char *name)
{
    for (size_t i = 0; i < shape.n; i++)
        if (strcmp(shape.fields[i].name, name) == 0)
            return &shape.fields[i];
    return NULL;
}

static enum result read_member(struct api_shape shape, const char *name, const json_t *value,
                               void *into, struct err *err)
{
    const struct api_field *field = field_named(shape, name);
    if (field == NULL)
        return err_set(err, E_SYNTAX, "unknown member \"%s\"",
                       err_value(bytes_of(name, strlen(name))).text);
    if (field->kind >= LENGTH_OF(readers) || readers[field->kind] == NULL)
        return err_set(err, E_BUG, "member %s cannot be read", name);
    return readers[field->kind](field, value, (char *)into + field->offset, err);
}

static enum result require_members(const json_t *root, struct api_shape shape, struct err *err)
{
    for (size_t i = 0; i < shape.n; i++)
        if (shape.fields[i].required && json_object_get(root, shape.fields[i].name) == NULL)
            return err_set(err, E_SYNTAX, "member \"%s\" is missing", shape.fields[i].name);
    return OK;
}

static enum result read_members(json_t *root, struct api_shape shape, void *into, struct err *err)
{
    if (!json_is_object(root))
        return err_set(err, E_SYNTAX, "body: seen %s, wanted a JSON object", type_word(root));
    const char *name;
    json_t *value;
    json_object_foreach(root, name, value) TRY(read_member(shape, name, value, into, err));
    return require_members(root, shape, err);
}

static enum result parse(struct bytes json, json_t **ret, struct err *err)
{
    json_error_t why = {0};
    *ret = json.n == 0 ? json_object()
                       : json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &why);
    if (*ret != NULL)
        return OK;
    return err_set(err, E_SYNTAX, "body: line %d, column %d: %s, wanted a JSON object (RFC 8259)",
                   why.line, why.column, err_value(bytes_of(why.text, strlen(why.text))).text);
}

enum result api_read(struct bytes json, struct api_shape shape, void *into,
                     struct api_body **ret_owner, struct err *err)
{
    CLEANUP(api_body_freep) struct api_body *body = calloc(1, sizeof *body);
    if (body == NULL)
        return err_set(err, E_MEMORY, "no memory for a body");
    TRY(parse(json, &body->root, err));
    TRY(read_members(body->root, shape, into, err));
    *ret_owner = STEAL(body);
    return OK;
}

enum result api_read_number(const char *name, struct bytes text, int64_t min, int64_t max,
                            int64_t *ret, struct err *err)
{
    int64_t number = 0;
    bool good = text.n > 0 && text.n <= 18;
    for (size_t i = 0; good && i < text.n; i++) {
        good = text.p[i] >= '0' && text.p[i] <= '9';
        number = number * 10 + (text.p[i] - '0');
    }
    if (!good || number < min || number > max)
        return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted a number from %lld to %lld", name,
                       err_value(text).text, (long long)min, (long long)max);
    *ret = number;
    return OK;
}

/* "2026-11-30T14:05:00Z" as YYYYMMDDHHMMSSZ; a day has no time. */
static bool read_instant(struct bytes text, int64_t *ret_s)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ", midnight[] = "00:00:00Z";
    uint8_t der[17] = {DER_GENERALIZED_TIME, 15};
    struct buf to = buf_over(der + 2, 15);
    for (size_t i = 0; i < sizeof form - 1; i++) {
        uint8_t c = i < text.n ? text.p[i] : i == 10 ? 'T' : (uint8_t)midnight[i - 11];
        bool is_digit = c >= '0' && c <= '9';
        if (form[i] == 'd' ? !is_digit : c != (uint8_t)form[i])
            return false;
        if (form[i] == 'd' || form[i] == 'Z')
            buf_put_u8(&to, c);
    }
    struct reader reader = reader_of(bytes_of(der, sizeof der));
    return der_read_generalized(&reader, ret_s);
}

enum result api_read_time(const char *name, struct bytes text, bool ends, int64_t *ret_s,
                          struct err *err)
{
    int64_t at_s = 0;
    bool is_day = text.n == 10;
    if ((!is_day && text.n != 20) || !read_instant(text, &at_s) || at_s < 0)
        return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ",
                       name, err_value(text).text);
    *ret_s = at_s + (is_day && ends ? 86400 : 0);
    return OK;
}

void api_start(size_t seed)
{
    json_object_seed(seed);
}
