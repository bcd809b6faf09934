#include <base/pairs.h>

#include "config_yaml.h"

#include <string.h>
#include <wire/utf8.h>

struct reading {
    const char *path, *inner;
    yaml_document_t *document;
    pairs_take take; /* NULL: only check */
    void *context;
};

static size_t line_of(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

static struct bytes scalar_of(const yaml_node_t *node)
{
    return bytes_of(node->data.scalar.value, node->data.scalar.length);
}

static bool has_controls(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    return !utf8_is_valid(text);
}

static enum result check_text(const struct reading *reading, const yaml_node_t *node,
                              const char *what, size_t most, struct err *err)
{
    if (node->type != YAML_SCALAR_NODE)
        return err_set(err, E_POLICY_FILE, "%s:%zu: seen a list or a mapping, wanted a %s",
                       reading->path, line_of(node), what);
    struct bytes text = scalar_of(node);
    if (text.n < 1 || text.n > most)
        return err_set(err, E_POLICY_FILE, "%s:%zu: seen a %s of %zu octets, wanted 1 to %zu",
                       reading->path, line_of(node), what, text.n, most);
    if (has_controls(text))
        return err_set(err, E_POLICY_FILE, "%s:%zu: seen control characters in a %s, wanted text",
                       reading->path, line_of(node), what);
    return OK;
}

static enum result refuse_twice(const struct reading *reading, const yaml_node_t *mapping,
                                const yaml_node_t *name, struct err *err)
{
    const yaml_node_pair_t *p = mapping->data.mapping.pairs.start;
    for (; p < mapping->data.mapping.pairs.top; p++) {
        const yaml_node_t *before = yaml_document_get_node(reading->document, p->key);
        if (before == name)
            return OK;
        if (bytes_equal(scalar_of(before), scalar_of(name)))
            break;
    }
    return err_set(err, E_POLICY_FILE, "%s:%zu: %s: seen twice, wanted once", reading->path,
                   line_of(name), err_value(scalar_of(name)).text);
}

static enum result take_pair(const struct reading *reading, const yaml_node_t *name,
                             const yaml_node_t *value, bool is_inner, struct err *err)
{
    TRY(check_text(reading, value, "value", PAIRS_VALUE_MAX, err));
    if (reading->take == NULL)
        return OK;
    const struct pair pair = {scalar_of(name), scalar_of(value), is_inner, line_of(name)};
    return reading->take(reading->context, &pair, err);
}

static enum result take_inner(const struct reading *reading, const yaml_node_t *mapping,
                              struct err *err)
{
    if (mapping->type != YAML_MAPPING_NODE)
        return err_set(err, E_POLICY_FILE, "%s:%zu: %s: seen no mapping, wanted names and values",
                       reading->path, line_of(mapping), reading->inner);
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reading->document, pair->key);
        TRY(check_text(reading, name, "name", PAIRS_NAME_MAX, err));
        TRY(refuse_twice(reading, mapping, name, err));
        TRY(take_pair(reading, name, yaml_document_get_node(reading->document, pair->value), true,
                      err));
    }
    return OK;
}

static enum result take_all(const struct reading *reading, struct err *err)
{
    const yaml_node_t *root = yaml_document_get_root_node(reading->document);
    if (root->type != YAML_MAPPING_NODE)
        return err_set(err, E_POLICY_FILE, "%s:%zu: seen no mapping, wanted names and values",
                       reading->path, line_of(root));
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    for (; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(reading->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(reading->document, pair->value);
        TRY(check_text(reading, name, "name", PAIRS_NAME_MAX, err));
        TRY(refuse_twice(reading, root, name, err));
        bool is_inner =
            bytes_equal(scalar_of(name), bytes_of(reading->inner, strlen(reading->inner)));
        TRY(is_inner ? take_inner(reading, value, err)
                     : take_pair(reading, name, value, false, err));
    }
    return OK;
}

enum result pairs_read(const char *path, struct bytes text, const char *inner, pairs_take take,
                       void *context, struct err *err)
{
    CLEANUP(yaml_document_delete) yaml_document_t document = {0};
    if (text.n > PAIRS_FILE_MAX)
        return err_set(err, E_POLICY_FILE, "%s:1: seen %zu octets, wanted %d at most", path, text.n,
                       PAIRS_FILE_MAX);
    enum result result = yaml_read_document((struct yaml_text){path, text}, &document, err);
    if (result != OK && err->code == E_CONFIG)
        err->code = E_POLICY_FILE;
    TRY(result);
    struct reading reading = {path, inner, &document, NULL, context};
    TRY(take_all(&reading, err));
    reading.take = take;
    return take_all(&reading, err);
}
