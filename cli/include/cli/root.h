/* The root that proves the server to `troth`, when another follows it. */
#ifndef CLI_ROOT_H
#define CLI_ROOT_H

#include <cli/profile.h>

/* If the server's newest root, the member "root" of an answer, is another than the profile's and
 * the profile's certified it, keeps it in a file of its own and names that in `profile`, which the
 * caller writes. Without that proof it says so and leaves things as they are. E_IO. */
MUST_USE enum result root_follow(struct session *session, const json_t *answer,
                                 struct profile *profile, struct err *err);

#endif
