/* Which server `troth` talks to and who it is there: a JSON object of four texts in
 * $TROTH_CONFIG, else $XDG_CONFIG_HOME/troth/config.json, else ~/.config/troth/config.json.
 * It names the key file; it never holds a key. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include <cli/session.h>

struct profile {
    char server[CLI_PATH_MAX]; /* https://host:port */
    char certificate[CLI_PATH_MAX];
    char key[CLI_PATH_MAX];
    char root[CLI_PATH_MAX];
};

/* E_USAGE (with "troth login" as the way out) when there is none, E_CONFIG when it is not whole. */
MUST_USE enum result profile_read(struct profile *ret, struct err *err);

/* Replaces it; mode 0600, folders made as needed. */
MUST_USE enum result profile_write(const struct profile *profile, struct err *err);

/* Removes the profile, not the files that it names. One that is not there is no failure. */
MUST_USE enum result profile_remove(struct err *err);

/* Folder of the profile, made (mode 0700) when it is not there: keys of `operator bootstrap`. */
MUST_USE enum result profile_folder(char *to, size_t max, struct err *err);

MUST_USE enum result profile_open(const struct profile *profile, struct client **ret,
                                  struct err *err);

#endif
