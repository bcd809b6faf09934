/* Handlers of EST, RFC 7030: on SURFACE_DEVICE only. */
#ifndef HTTP_EST_H
#define HTTP_EST_H

struct request;

void est_cacerts(struct request *request);
/* The same of who issues to boundaries. */
void est_boundary_cacerts(struct request *request);
void est_csrattrs(struct request *request);
void est_simpleenroll(struct request *request);
void est_simplereenroll(struct request *request);

#endif
