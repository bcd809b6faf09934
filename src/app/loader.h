/* The process that has the configuration read anew, each time by a fresh child: nobody else may
 * open the file any more, or make processes. It parses nothing itself. Private to app. */
#ifndef APP_LOADER_H
#define APP_LOADER_H

#include "wiring.h"

/* As struct role_row has it. */
int loader_run(const struct launch *launch);

#endif
