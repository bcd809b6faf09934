#include <base/pack.h>

#include "config_yaml.h"

#include <stdlib.h>
#include <string.h>
#include <wire/utf8.h>

struct reading {
    const char *path;
    yaml_document_t *document;
};

static size_t line_of(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

/* A key of a mapping whose value is text. */
struct text_key {
    const char *name;
    size_t at, size; /* of the array that takes it */
    bool is_required;
};

#define TEXT_KEY(type, member, name, is_required)                                                  \
    {                                                                                              \
        name, offsetof(type, member), sizeof(((type *)NULL)->member), is_required                  \
    }
static const struct text_key pack_keys[] = {
    TEXT_KEY(struct pack, name, "pack", true),       TEXT_KEY(struct pack, title, "title", true),
    TEXT_KEY(struct pack, edition, "edition", true), TEXT_KEY(struct pack, source, "source", false),
    TEXT_KEY(struct pack, note, "note", false),      {0},
};
static const struct text_key control_keys[] = {
    TEXT_KEY(struct pack_control, id, "id", true),
    TEXT_KEY(struct pack_control, was, "was", false),
    TEXT_KEY(struct pack_control, title, "title", true),
    TEXT_KEY(struct pack_control, note, "note", false),
    {0},
};

static struct bytes scalar_of(const yaml_node_t *node)
{
    return bytes_of(node->data.scalar.value, node->data.scalar.length);
}

static bool is_named(const yaml_node_t *node, const char *name)
{
    return node->type == YAML_SCALAR_NODE &&
           bytes_equal(scalar_of(node), bytes_of(name, strlen(name)));
}

static bool has_controls(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    return false;
}

static enum result take_text(const struct reading *reading, const struct text_key *key,
                             const yaml_node_t *value, void *into, struct err *err)
{
    if (value->type != YAML_SCALAR_NODE)
        return err_set(err, E_PACK, "%s:%zu: %s: seen a list or a mapping, wanted text",
                       reading->path, line_of(value), key->name);
    struct bytes text = scalar_of(value);
    if (text.n == 0 || text.n >= key->size)
        return err_set(err, E_PACK, "%s:%zu: %s: seen %zu octets, wanted 1 to %zu", reading->path,
                       line_of(value), key->name, text.n, key->size - 1);
    if (has_controls(text) || !utf8_is_valid(text))
        return err_set(err, E_PACK, "%s:%zu: %s: seen control characters, wanted one line of text",
                       reading->path, line_of(value), key->name);
    memcpy((char *)into + key->at, text.p, text.n);
    return OK;
}

/* ---- mappings ---------------------------------------------------------------------------------
 */

static const struct text_key *key_of(const struct text_key *keys, const yaml_node_t *node)
{
    for (; keys->name != NULL; keys++)
        if (is_named(node, keys->name))
            return keys;
    return NULL;
}

static enum result refuse_key(const struct reading *reading, const yaml_node_t *key,
                              const char *rule, struct err *err)
{
    bool is_text = key->type == YAML_SCALAR_NODE;
    return err_set(err, E_PACK, "%s:%zu: %s: \"%s\"", reading->path, line_of(key), rule,
                   err_value(is_text ? scalar_of(key) : bytes_text("?")).text);
}

static bool is_repeated(const struct reading *reading, const yaml_node_t *mapping,
                        const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(reading->document, pair->key);
    if (key->type != YAML_SCALAR_NODE)
        return false;
    for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
        const yaml_node_t *before = yaml_document_get_node(reading->document, p->key);
        if (before->type == YAML_SCALAR_NODE && bytes_equal(scalar_of(before), scalar_of(key)))
            return true;
    }
    return false;
}

static enum result check_there(const struct reading *reading, const yaml_node_t *mapping,
                               const struct text_key *keys, const void *into, struct err *err)
{
    for (; keys->name != NULL; keys++)
        if (keys->is_required && ((const char *)into)[keys->at] == '\0')
            return err_set(err, E_PACK, "%s:%zu: %s is missing", reading->path, line_of(mapping),
                           keys->name);
    return OK;
}

/* What a mapping has: texts, and one list. */
struct form {
    const struct text_key *keys;
    const char *list;
};

static enum result take_mapping(const struct reading *reading, const yaml_node_t *mapping,
                                const struct form *form, void *into, const yaml_node_t **ret_list,
                                struct err *err)
{
    *ret_list = NULL;
    if (mapping->type != YAML_MAPPING_NODE)
        return err_set(err, E_PACK, "%s:%zu: seen no mapping, wanted \"%s\" and others",
                       reading->path, line_of(mapping), form->keys->name);
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reading->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(reading->document, pair->value);
        const struct text_key *key = key_of(form->keys, name);
        if (is_repeated(reading, mapping, pair))
            return refuse_key(reading, name, "a key that is there twice", err);
        if (key != NULL)
            TRY(take_text(reading, key, value, into, err));
        else if (is_named(name, form->list))
            *ret_list = value;
        else
            return refuse_key(reading, name, "a key that a pack does not have", err);
    }
    TRY(check_there(reading, mapping, form->keys, into, err));
    if (*ret_list == NULL || (*ret_list)->type != YAML_SEQUENCE_NODE)
        return err_set(err, E_PACK, "%s:%zu: %s is missing, or no list", reading->path,
                       line_of(mapping), form->list);
    return OK;
}

/* ---- controls ---------------------------------------------------------------------------------
 */

static int check_number(struct bytes text)
{
    if (text.n != 5 || memcmp(text.p, "TD-", 3) != 0 || text.p[3] < '0' || text.p[3] > '9' ||
        text.p[4] < '0' || text.p[4] > '9')
        return 0;
    return (text.p[3] - '0') * 10 + (text.p[4] - '0');
}

static enum result take_check(const struct reading *reading, const yaml_node_t *node,
                              struct pack_control *control, struct err *err)
{
    struct bytes text = node->type == YAML_SCALAR_NODE ? scalar_of(node) : bytes_text("?");
    int number = check_number(text);
    if (number < 1 || number > PACK_CHECK_MAX)
        return err_set(err, E_PACK, "%s:%zu: checks: seen \"%s\", wanted TD-01 to TD-%d",
                       reading->path, line_of(node), err_value(text).text, PACK_CHECK_MAX);
    if (memchr(control->checks, number, control->checks_n) != NULL)
        return err_set(err, E_PACK, "%s:%zu: checks: TD-%02d is there twice", reading->path,
                       line_of(node), number);
    control->checks[control->checks_n++] = (uint8_t)number;
    return OK;
}

static enum result take_control(const struct reading *reading, const yaml_node_t *node,
                                struct pack *pack, struct err *err)
{
    static const struct form form = {control_keys, "checks"};
    const yaml_node_t *checks = NULL;
    struct pack_control *control = &pack->controls[pack->controls_n];
    TRY(take_mapping(reading, node, &form, control, &checks, err));
    for (size_t i = 0; i < pack->controls_n; i++)
        if (strcmp(pack->controls[i].id, control->id) == 0)
            return err_set(err, E_PACK, "%s:%zu: id: \"%s\" is there twice", reading->path,
                           line_of(node), control->id);
    const yaml_node_item_t *item = checks->data.sequence.items.start;
    for (; item < checks->data.sequence.items.top; item++)
        TRY(take_check(reading, yaml_document_get_node(reading->document, *item), control, err));
    pack->controls_n++;
    return OK;
}

static enum result take_controls(const struct reading *reading, const yaml_node_t *list,
                                 struct pack *pack, struct err *err)
{
    const yaml_node_item_t *item = list->data.sequence.items.start;
    size_t n = (size_t)(list->data.sequence.items.top - item);
    if (n < 1 || n > PACK_CONTROLS_MAX)
        return err_set(err, E_PACK, "%s:%zu: controls: seen %zu, wanted 1 to %d", reading->path,
                       line_of(list), n, PACK_CONTROLS_MAX);
    pack->controls = calloc(n, sizeof *pack->controls);
    if (pack->controls == NULL)
        return err_set(err, E_MEMORY, "%s: no memory for a pack", reading->path);
    for (; item < list->data.sequence.items.top; item++)
        TRY(take_control(reading, yaml_document_get_node(reading->document, *item), pack, err));
    return OK;
}

/* It names files, and what is asked for: letters, digits, dots and hyphens. */
static enum result check_name(const struct reading *reading, const struct pack *pack,
                              struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    if (pack->name[strspn(pack->name, allowed)] == '\0' && pack->name[0] != '.')
        return OK;
    return err_set(err, E_PACK, "%s:%zu: pack: seen \"%s\", wanted a-z, 0-9, dots and hyphens",
                   reading->path, yaml_value_line(reading->document, NULL, "pack", -1),
                   err_value(bytes_of(pack->name, strlen(pack->name))).text);
}

enum result pack_read(const char *path, struct bytes text, struct pack *ret, struct err *err)
{
    static const struct form form = {pack_keys, "controls"};
    CLEANUP(yaml_document_delete) yaml_document_t document = {0};
    CLEANUP(pack_free) struct pack pack = {0};
    const yaml_node_t *controls = NULL;
    enum result result = yaml_read_document((struct yaml_text){path, text}, &document, err);
    if (result != OK && err->code == E_CONFIG)
        err->code = E_PACK;
    TRY(result);
    const struct reading reading = {path, &document};
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    TRY(take_mapping(&reading, root, &form, &pack, &controls, err));
    TRY(check_name(&reading, &pack, err));
    TRY(take_controls(&reading, controls, &pack, err));
    *ret = pack;
    pack = (struct pack){0};
    return OK;
}

void pack_free(struct pack *pack)
{
    free(pack->controls);
    *pack = (struct pack){0};
}
