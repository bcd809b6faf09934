/* What imports take, for the table of commands. */
#ifndef CLI_IMPORTS_H
#define CLI_IMPORTS_H

#include <cli/plan.h>

extern const struct option_row device_import_options[];
extern const struct plan device_import;
extern const struct option_row cert_import_options[];
extern const struct plan cert_import;

/* Of certificates of other CAs. */
extern const struct column foreign_columns[];

/* Shows those of the serial number CERTIFICATE; *ret_found: there are any. */
MUST_USE enum result foreign_show(struct session *session, bool *ret_found, struct err *err);

#endif
