/* One check at one instant: what the tests of the catalogue ask of it. */
#ifndef TRUST_JUDGED_H
#define TRUST_JUDGED_H

#include <trust/standing.h>

#define NB INT64_C(1000000)         /* a certificate begins */
#define LIFE (INT64_C(100) * DAY_S) /* and is valid so long */

/* An active device with a certificate in use, of which everything is known and nothing is wrong. */
struct facts sound_device(void);
struct facts sound_issuer(void);
struct facts sound_installation(void);

/* What check `number` says of them under the policy that has every default. */
struct opinion judged(int number, const struct facts *facts, int64_t at_s);

/* Closed one second before, open at and after `at_s`, since `began_s`; and an instant that was
 * promised before it is no later than that. */
void expect_opens(int number, const struct facts *facts, int64_t at_s, int64_t began_s);
/* Open until the second before `at_s`, closed from then on; promised likewise. */
void expect_closes(int number, const struct facts *facts, int64_t at_s);
void expect_open(int number, const struct facts *facts, int64_t at_s, enum known open);

#endif
