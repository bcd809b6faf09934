/* What can be asked of the server, and by whom. The newcomer's tour goes on in service/enrol.c. */
#include "routes.h"

#include "est.h"
#include "feed_poll.h"
#include "ocsp.h"
#include "public.h"

#include <base/limits.h>
#include <proto/ocsp.h>
#include <wire/boundary_report.h>

#define CSR "application/pkcs10"
#define BODY LIMIT_BODY_BYTES
#define PUBLIC (SURFACE_PLAIN | SURFACE_DEVICE)
#define REPORT BOUNDARY_REPORT_TYPE

/* clang-format off */
const struct route routes[] = {
    /* EST, RFC 7030 and 8951. The label is the product. */
    {SURFACE_DEVICE, "GET",  "/.well-known/est[/{label}]/cacerts",        NEED_ANYBODY, NULL, 0,    true, est_cacerts},
    {SURFACE_DEVICE, "GET",  "/.well-known/est[/{label}]/csrattrs",       NEED_ANYBODY, NULL, 0,    true, est_csrattrs},
    {SURFACE_DEVICE, "POST", "/.well-known/est[/{label}]/simpleenroll",   NEED_ANYBODY, CSR,  BODY, true, est_simpleenroll},
    {SURFACE_DEVICE, "POST", "/.well-known/est[/{label}]/simplereenroll", NEED_ANYBODY, CSR,  BODY, true, est_simplereenroll},

    /* OCSP, RFC 6960 appendix A: the request as a body, or as the rest of the path. */
    {SURFACE_PLAIN, "POST", "/ocsp",           NEED_ANYBODY, OCSP_MEDIA_REQUEST, LIMIT_OCSP_BYTES, false, ocsp_post},
    {SURFACE_PLAIN, "GET",  "/ocsp/{path...}", NEED_ANYBODY, NULL, 0, false, ocsp_get, true},

    /* Public objects: files that core wrote. On the devices' port too what boundaries need. */
    {SURFACE_PLAIN, "GET", "/crl/{path...}",  NEED_ANYBODY, NULL, 0, false, public_crl},
    {PUBLIC,        "GET", "/status/{name}",  NEED_ANYBODY, NULL, 0, false, public_status},
    {SURFACE_PLAIN, "GET", "/ca/{name}",      NEED_ANYBODY, NULL, 0, false, public_ca},
    {PUBLIC,        "GET", "/checkpoint",     NEED_ANYBODY, NULL, 0, false, public_checkpoint},
    {PUBLIC,        "GET", "/tile/{path...}", NEED_ANYBODY, NULL, 0, false, public_tile},
    {SURFACE_PLAIN, "GET", "/livez",          NEED_ANYBODY, NULL, 0, false, public_livez},

    /* Boundaries: the feed, which waits, after the generations that are enforced; and reports. */
    {SURFACE_DEVICE, "GET",  "/boundary/cacerts", NEED_ANYBODY, NULL, 0, true, est_boundary_cacerts},
    {SURFACE_DEVICE, "GET",  "/boundary/feed/{status}/{service}", NEED_BOUNDARY, NULL, 0, false, feed_poll},
    {SURFACE_DEVICE, "POST", "/boundary/report", NEED_BOUNDARY, REPORT, FEED_REPORT_MAX, false, feed_report},

    {0},
};
/* clang-format on */
