/* What a configuration that reads well says of this machine, and whether that is so. Private to
 * app.
 */
#ifndef APP_CONFIG_CHECK_H
#define APP_CONFIG_CHECK_H

#include <base/config.h>

#include <stdio.h>

/* Prints a line for each fault: FILE:LINE: setting: what was seen, what is wanted. A server that
 * runs with it may be there, and then has its ports. Returns the exit status: 0 no fault, 5 the
 * root's key is readable, else 1. Changes nothing. */
int config_check(const char *path, const struct config *config, FILE *to);

/* All settings as they are in force, as YAML that reads as the same configuration, with a comment
 * behind what the file leaves to its default. There is no secret among them. */
void config_show(const char *path, const struct config *config, FILE *to);

#endif
