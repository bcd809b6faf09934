/* Handlers of the public objects: on SURFACE_PLAIN only. Nothing in them is about one device. */
#ifndef HTTP_PUBLIC_H
#define HTTP_PUBLIC_H

struct request;

void public_crl(struct request *request);
void public_status(struct request *request);
void public_ca(struct request *request);
void public_checkpoint(struct request *request);
void public_tile(struct request *request);
void public_livez(struct request *request);

#endif
