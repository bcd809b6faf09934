/* Private: files and folders of `trothd init`. */
#ifndef APP_INIT_FILES_H
#define APP_INIT_FILES_H

#include <base/config.h>
#include <pki/profile.h>

#define INIT_PATH_MAX 1024

struct init_path {
    char text[INIT_PATH_MAX];
};

/* FOLDER/NAME, by value; cut paths cannot happen: a configured path is at most CONFIG_PATH_MAX. */
__attribute__((format(printf, 1, 2))) struct init_path init_path(const char *format, ...);

/* E_CONFLICT when data/ca or, unless wanted, data/csr is there. Then clears what an interrupted
 * init left and makes data/.init, in which everything is prepared. */
MUST_USE enum result staging_begin(const struct config *config, struct err *err);

/* Moves the prepared folders into place, in the order of the names; the last one completes. On
 * failure those that were moved are removed again. */
MUST_USE enum result staging_end(const struct config *config, const char *const *names,
                                 struct err *err);

/* Removes what staging_begin made and everything in it. */
void staging_abandon(const struct config *config);

/* Writes the public files of an authority: PUBLIC/ca/N.cer. */
MUST_USE enum result publish_authority(const struct config *config, enum pki_issuer_kind kind,
                                       struct bytes certificate, struct err *err);

/* Folders PUBLIC, PUBLIC/ca, PUBLIC/crl. */
MUST_USE enum result publish_begin(const struct config *config, struct err *err);

#endif
