/* Files for others to read, beneath one open folder. */
#ifndef LEDGER_FOLDER_H
#define LEDGER_FOLDER_H

#include <base/err.h>

/* Writes a file whole or not at all, mode 0644, with the folders on its way (0755). It is not
 * synced: see publish.c. E_IO. */
MUST_USE enum result folder_put(int folder, const char *path, struct bytes bytes, struct err *err);

#endif
