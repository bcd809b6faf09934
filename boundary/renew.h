/* A boundary's certificate renewed while it is in use. */
#ifndef BOUNDARY_RENEW_H
#define BOUNDARY_RENEW_H

#include "connect.h"

/* Where it is due (two thirds of its life, at an instant of its own): follows the server's root,
 * renews, and makes every connection anew by what came. OK also when nothing was due. */
MUST_USE enum result renew_if_due(struct connection *connection, int64_t now_s, struct err *err);

#endif
