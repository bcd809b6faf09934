/* A YAML file of names and values (a policy): flat, and below one name a mapping of more. YAML, of
 * which JSON is a part. */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <base/err.h>
#include <wire/bytes.h>

#include <stdbool.h>
#include <stddef.h>

#define PAIRS_FILE_MAX (64 << 10) /* octets of a file */
#define PAIRS_NAME_MAX 64         /* of a name */
#define PAIRS_VALUE_MAX 256

struct pair {
    struct bytes name, value;
    bool is_inner; /* of the inner mapping */
    size_t line;   /* of the name, from 1 */
};

/* Each pair in the order of the file; a result that is not OK ends it and is that of the read. What
 * it points to is valid during the call. */
typedef enum result (*pairs_take)(void *context, const struct pair *pair, struct err *err);

/* Reads it whole before the first pair is taken. `inner` is the name of the inner mapping.
 * E_POLICY_FILE with FILE:LINE, the rule, the value seen and the one wanted: a name that is there
 * twice, a list or a mapping where a value is wanted, a name or value that is empty, too long or
 * has control characters. `path` is for messages. Not checked: which names and values there are. */
MUST_USE enum result pairs_read(const char *path, struct bytes text, const char *inner,
                                pairs_take take, void *context, struct err *err);

#endif
