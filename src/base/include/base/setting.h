/* Every setting of the configuration file, as one table: how it is shown, and whether a running
 * server can take another value. */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H

#include <base/config.h>

#define SETTING_VALUE_MAX 8192 /* of the webhooks: 4 with addresses and paths, quoted */

enum setting_kind {
    SETTING_NUMBER, /* uint32_t */
    SETTING_TEXT,   /* char[] */
    SETTING_ADDRESS,
    SETTING_ON_OFF, /* bool */
    SETTING_YES_NO,
    SETTING_WORD, /* uint32_t: the word of that number in `words` */
    SETTING_NAMES,
    SETTING_WEBHOOKS,
};

struct setting {
    const char *section; /* NULL: at the top */
    const char *key;
    enum setting_kind kind;
    size_t offset;    /* in struct config */
    bool is_reloaded; /* false: a change needs a restart */
    const char *const *words;
};

/* In the order of packaging/troth.yaml; NULL past the end. */
const struct setting *setting_at(size_t index);

/* The value as YAML that reads as the same value; "" for a text that is not set. */
void setting_write(const struct setting *setting, const struct config *config,
                   char ret[SETTING_VALUE_MAX]);

/* "section.key", or "key". By value. */
struct setting_name {
    char text[40];
};
struct setting_name setting_name(const struct setting *setting);

/* OK when a running server whose configuration is `now` can go on with `next`; else E_RELOAD with
 * the first setting that it cannot change, the value in force and the one wanted. */
MUST_USE enum result settings_allow_reload(const struct config *now, const struct config *next,
                                           struct err *err);

#endif
