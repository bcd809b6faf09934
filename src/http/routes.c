/* What can be asked of the server, and by whom. The newcomer's tour goes on in service/enrol.c. */
#include "routes.h"

#include "est.h"
#include "public.h"

#include <base/limits.h>

#define CSR "application/pkcs10"
#define BODY LIMIT_BODY_BYTES

/* clang-format off */
const struct route routes[] = {
    /* EST, RFC 7030 and 8951. The label is the product. */
    {SURFACE_DEVICE, "GET",  "/.well-known/est[/{label}]/cacerts",        NEED_ANYBODY, NULL, 0,    true, est_cacerts},
    {SURFACE_DEVICE, "GET",  "/.well-known/est[/{label}]/csrattrs",       NEED_ANYBODY, NULL, 0,    true, est_csrattrs},
    {SURFACE_DEVICE, "POST", "/.well-known/est[/{label}]/simpleenroll",   NEED_ANYBODY, CSR,  BODY, true, est_simpleenroll},
    {SURFACE_DEVICE, "POST", "/.well-known/est[/{label}]/simplereenroll", NEED_ANYBODY, CSR,  BODY, true, est_simplereenroll},

    /* Public objects: files that core wrote. */
    {SURFACE_PLAIN, "GET", "/crl/{path...}",  NEED_ANYBODY, NULL, 0, false, public_crl},
    {SURFACE_PLAIN, "GET", "/status/{name}",  NEED_ANYBODY, NULL, 0, false, public_status},
    {SURFACE_PLAIN, "GET", "/ca/{name}",      NEED_ANYBODY, NULL, 0, false, public_ca},
    {SURFACE_PLAIN, "GET", "/checkpoint",     NEED_ANYBODY, NULL, 0, false, public_checkpoint},
    {SURFACE_PLAIN, "GET", "/tile/{path...}", NEED_ANYBODY, NULL, 0, false, public_tile},
    {SURFACE_PLAIN, "GET", "/livez",          NEED_ANYBODY, NULL, 0, false, public_livez},

    {0},
};
/* clang-format on */
