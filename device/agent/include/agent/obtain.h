/* One attempt to get or renew the identity, and the first use of what came. */
#ifndef AGENT_OBTAIN_H
#define AGENT_OBTAIN_H

#include <agent/agent.h>
#include <wire/x509.h>

/* First enrolment, or an enrolment anew, by the proof that the agent was given. What an earlier
 * attempt left in next is taken up: the same request goes again, and the server repeats its answer.
 * On success the certificate is current and was used once. A request that is refused for what it is
 * (syntax, key) is forgotten, so that the next attempt makes another.
 * *ret_retry_after_s, 0 or what the server asked for, is set with R_WAIT and R_BUSY alone. */
MUST_USE enum result obtain_first(const struct agent *agent, int64_t now_s,
                                  uint32_t *ret_retry_after_s, struct err *err);

/* Renewal by the current certificate, which must be there: E_NOT_FOUND. */
MUST_USE enum result obtain_renewal(const struct agent *agent, int64_t now_s,
                                    uint32_t *ret_retry_after_s, struct err *err);

/* Was the current certificate used at the server yet? */
bool obtain_is_proven(const struct agent *agent);

/* Uses the current certificate once, so that the server supersedes the one before. Does nothing
 * when it was used already. */
MUST_USE enum result obtain_prove(const struct agent *agent, struct err *err);

/* The current certificate; `ret_der` owns what `ret` points into. E_NOT_FOUND without one. */
MUST_USE enum result obtain_current(const struct agent *agent, struct blob *ret_der,
                                    struct x509_cert *ret, struct err *err);

/* When the renewal of that certificate is due (agent/schedule.h). */
int64_t obtain_due_s(const struct agent *agent, const struct x509_cert *cert);

#endif
