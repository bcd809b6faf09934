/* What the files that check the configuration share. Private to the configuration. */
#ifndef BASE_CONFIG_SOURCE_H
#define BASE_CONFIG_SOURCE_H

#include "config_load.h"

#include <base/config.h>

#include <limits.h>

/* What every check needs to know for its message. */
struct source {
    const char *path;
    yaml_document_t *document;
    char folder[PATH_MAX]; /* absolute: where relative paths start */
};

/* Which value a check is about; `item` is -1 but for lists. */
struct place {
    const char *section, *key;
    int item;
};

/* E_CONFIG: "FILE:LINE: section.key: text". */
__attribute__((format(printf, 4, 5))) MUST_USE enum result config_refuse(struct source *from,
                                                                         struct place place,
                                                                         struct err *err,
                                                                         const char *format, ...);

/* A path of the file (or, without one, `otherwise`), made absolute below `folder`. */
struct path_row {
    struct place place;
    const char *given, *otherwise, *folder;
    char *to;
    size_t size;
};
MUST_USE enum result config_take_path(struct source *from, const struct path_row *row,
                                      struct err *err);

/* config_webhooks.c */
MUST_USE enum result config_take_webhooks(struct source *from, const struct loaded *loaded,
                                          struct config *config, struct err *err);
bool config_webhooks_are_whole(const struct config *config);

#endif
