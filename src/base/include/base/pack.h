/* A control pack: the controls of a framework, and for each the checks that are its evidence. Data:
 * docs/control-pack.schema.json is the schema, packaging/packs/ has those that come with Troth, and
 * people write their own. YAML, of which JSON is a part. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <base/err.h>
#include <base/limits.h>
#include <wire/bytes.h>

#include <stddef.h>
#include <stdint.h>

#define PACK_BYTES_MAX (1 << 20) /* of a file */
#define PACK_CONTROLS_MAX 500
#define PACK_CHECK_MAX 45 /* checks are TD-01 to TD-45 */

struct pack_control {
    char id[LIMIT_NAME + 1];
    char was[LIMIT_NAME + 1]; /* its id in another edition; or empty */
    char title[LIMIT_TEXT + 1];
    char note[LIMIT_TEXT + 1]; /* or empty */
    size_t checks_n;           /* 0: nothing that Troth looks at */
    uint8_t checks[PACK_CHECK_MAX];
};

struct pack {
    char name[LIMIT_NAME + 1];
    char title[LIMIT_TEXT + 1];
    char edition[LIMIT_NAME + 1];
    char source[LIMIT_TEXT + 1]; /* or empty */
    char note[LIMIT_TEXT + 1];   /* or empty */
    size_t controls_n;
    struct pack_control *controls;
};

/* Reads a whole pack or nothing. E_PACK with FILE:LINE, the rule, the value seen and the one
 * wanted: a key that is unknown, missing or there twice, text that is empty, too long or has
 * control characters, a control's id that is there twice, a check that is none or there twice.
 * `path` is for messages. The caller frees: CLEANUP(pack_free). */
MUST_USE enum result pack_read(const char *path, struct bytes text, struct pack *ret,
                               struct err *err);
void pack_free(struct pack *pack);

#endif
