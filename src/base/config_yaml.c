#include "config_yaml.h"

#include <string.h>

static void parser_open(yaml_parser_t *parser, struct bytes bytes)
{
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, bytes.p, bytes.n);
}

static enum result load_document(yaml_parser_t *parser, const char *path, yaml_document_t *ret,
                                 struct err *err)
{
    if (yaml_parser_load(parser, ret) == 1)
        return OK;
    return err_set(err, E_CONFIG, "%s:%zu: YAML syntax: %s", path, parser->problem_mark.line + 1,
                   parser->problem != NULL ? parser->problem : "no memory");
}

static enum result refuse_second(yaml_parser_t *parser, const char *path, struct err *err)
{
    CLEANUP(yaml_document_delete) yaml_document_t second = {0};
    TRY(load_document(parser, path, &second, err));
    if (yaml_document_get_root_node(&second) == NULL)
        return OK;
    return err_set(err, E_CONFIG, "%s:%zu: a second document, wanted one", path,
                   second.start_mark.line + 1);
}

/* C text ends at a NUL, so that "a\0b" would be read as "a". */
static enum result refuse_nul(yaml_document_t *document, const char *path, struct err *err)
{
    for (int i = 1;; i++) {
        yaml_node_t *node = yaml_document_get_node(document, i);
        if (node == NULL)
            return OK;
        if (node->type == YAML_SCALAR_NODE &&
            memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL)
            return err_set(err, E_CONFIG, "%s:%zu: a NUL in a value, wanted text", path,
                           node->start_mark.line + 1);
    }
}

enum result yaml_read_document(struct yaml_text text, yaml_document_t *ret, struct err *err)
{
    CLEANUP(yaml_parser_delete) yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) != 1)
        return err_set(err, E_MEMORY, "%s: no memory for the YAML parser", text.path);
    parser_open(&parser, text.bytes);

    CLEANUP(yaml_document_delete) yaml_document_t document = {0};
    TRY(load_document(&parser, text.path, &document, err));
    if (yaml_document_get_root_node(&document) == NULL)
        return err_set(err, E_CONFIG, "%s:1: empty, wanted at least one key", text.path);
    TRY(refuse_nul(&document, text.path, err));
    TRY(refuse_second(&parser, text.path, err));
    *ret = document;
    document = (yaml_document_t){0};
    return OK;
}

static bool is_key(const yaml_node_t *node, const char *key)
{
    return node->type == YAML_SCALAR_NODE && node->data.scalar.length == strlen(key) &&
           memcmp(node->data.scalar.value, key, node->data.scalar.length) == 0;
}

static yaml_node_t *value_of(yaml_document_t *document, yaml_node_t *mapping, const char *key)
{
    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++)
        if (is_key(yaml_document_get_node(document, pair->key), key))
            return yaml_document_get_node(document, pair->value);
    return NULL;
}

static yaml_node_t *item_of(yaml_document_t *document, yaml_node_t *list, int item)
{
    if (list == NULL || list->type != YAML_SEQUENCE_NODE || item < 0 ||
        item >= list->data.sequence.items.top - list->data.sequence.items.start)
        return list;
    return yaml_document_get_node(document, list->data.sequence.items.start[item]);
}

size_t yaml_value_line(yaml_document_t *document, const char *section, const char *key, int item)
{
    yaml_node_t *mapping = yaml_document_get_root_node(document);
    if (section != NULL)
        mapping = value_of(document, mapping, section);
    yaml_node_t *node = item_of(document, value_of(document, mapping, key), item);
    return node == NULL ? 0 : node->start_mark.line + 1;
}

/* Is the mark at or behind the position, and before `best` (NULL: anything is)? */
static bool is_nearer(const yaml_mark_t *mark, struct yaml_position from, const yaml_mark_t *best)
{
    bool behind = mark->line + 1 > from.line ||
                  (mark->line + 1 == from.line && mark->column + 1 >= from.column);
    return behind && (best == NULL || mark->index < best->index);
}

size_t yaml_key_line_from(yaml_document_t *document, const char *key, struct yaml_position from)
{
    const yaml_mark_t *best = NULL;
    yaml_node_t *node;
    for (int i = 1; (node = yaml_document_get_node(document, i)) != NULL; i++) {
        if (node->type != YAML_MAPPING_NODE)
            continue;
        const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
        for (; pair < node->data.mapping.pairs.top; pair++) {
            yaml_node_t *found = yaml_document_get_node(document, pair->key);
            if (is_key(found, key) && is_nearer(&found->start_mark, from, best))
                best = &found->start_mark;
        }
    }
    return best != NULL ? best->line + 1 : from.line;
}
