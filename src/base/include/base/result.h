/* What an action says of itself. The reason for people goes into a struct err (base/err.h). */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

#include <stdbool.h>

/* Kinds to branch on. Outputs (`ret_x`) are written only with OK. */
enum result {
    OK = 0,
    R_INVALID,      /* the input breaks a rule that is public: syntax, size, type */
    R_UNAUTHORISED, /* who asks has not proved himself */
    R_REFUSED,      /* proved, and policy says no */
    R_NOT_FOUND,    /* no such thing */
    R_CONFLICT,     /* the thing is not in the state that this needs */
    R_LIMIT,        /* a named limit is reached */
    R_WAIT,         /* accepted, waits for a person: ask again */
    R_BUSY,         /* no room now: ask again */
    R_UNREACHABLE,  /* a peer does not answer */
    R_CORRUPT,      /* stored data is not what was written */
    R_CRYPTO,       /* a signature or key is bad */
    R_IO,           /* the operating system failed us */
    R_MEMORY,       /* no memory */
    R_BUG,          /* we broke a promise to ourselves */
    RESULT_COUNT
};

/* The machine or we ourselves failed, and not the one who asked. */
static inline bool result_is_ours(enum result result)
{
    return result == R_CORRUPT || result == R_IO || result == R_MEMORY || result == R_BUG;
}

#define MUST_USE __attribute__((warn_unused_result))

/* The one control-flow macro: hands any failure to the caller. Owned locals use CLEANUP. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum result try_result_ = (expr);                                                          \
        if (try_result_ != OK)                                                                     \
            return try_result_;                                                                    \
    } while (0)

/* Scope cleanup: CLEANUP(x_freep) struct x *x = NULL; where x_freep(struct x **) accepts NULL. */
#define CLEANUP(function) __attribute__((cleanup(function), unused))

/* Hands an owned pointer over: the local no longer frees it. */
#define STEAL(pointer)                                                                             \
    __extension__({                                                                                \
        __typeof__(pointer) stolen_ = (pointer);                                                   \
        (pointer) = NULL;                                                                          \
        stolen_;                                                                                   \
    })

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
