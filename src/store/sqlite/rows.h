/* From columns, in the order of the *_COLUMNS of statements.def, to the structs of store/rows.h.
 * The caller asks query_row_ok() once afterwards. */
#ifndef STORE_SQLITE_ROWS_H
#define STORE_SQLITE_ROWS_H

#include "database.h"

void read_product(struct query *query, struct product *ret);
void read_authority(struct query *query, struct authority_row *ret);
void read_device(struct query *query, struct device *ret);
void read_certificate(struct query *query, struct certificate *ret);
void read_token(struct query *query, struct token *ret);
void read_permit(struct query *query, struct permit *ret);
void read_bulk(struct query *query, struct bulk *ret);
void read_operator(struct query *query, struct operator_row *ret);
void read_finding(struct query *query, struct finding *ret);

/* Every row of a query of CERTIFICATE_COLUMNS. */
MUST_USE enum result visit_certificates(struct query *query, certificate_visit visit, void *ctx,
                                        struct err *err);

#endif
