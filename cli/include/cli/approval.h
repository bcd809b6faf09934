/* What a command says when its act waits for another person. */
#ifndef CLI_APPROVAL_H
#define CLI_APPROVAL_H

#include <cli/session.h>

/* Did the server record a request instead of doing what was asked? */
bool approval_is_asked(const json_t *outcome);

/* Shows what exactly will run, from the bytes to be signed, signs them with the profile's key as
 * the one who asks, and says what is still wanted. */
MUST_USE enum result approval_tell(struct session *session, const json_t *outcome, struct err *err);

/* The same for acts that have a way of their own: shows what the bytes in the member "body" say;
 * and signs them with the profile's key, to base64. */
#define APPROVAL_SIGNATURE_TEXT 128
MUST_USE enum result approval_show_body(struct session *session, const json_t *answer,
                                        struct err *err);
MUST_USE enum result approval_sign_body(struct session *session, const json_t *answer,
                                        char to[APPROVAL_SIGNATURE_TEXT], struct err *err);

#endif
