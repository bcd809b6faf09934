/* trothd as a child: it does its part, and the command goes on. */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include <cli/session.h>

/* Runs trothd, the one beside this program if there is one, with these words, of which the first is
 * its name, and waits for its end. What it prints goes where this program's does, with --json to
 * stderr. session->exit_status becomes its own. E_IO when it cannot run. */
MUST_USE enum result local_trothd(struct session *session, const char *const *words,
                                  struct err *err);

#endif
