/* One request from head to reply: what libmicrohttpd calls. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stddef.h>

/* MHD_AccessHandlerCallback. First call: strict check, route, media type, length, client chain,
 * need; then the body; then the handler; after a wait the reply. `door` is a struct door. */
enum MHD_Result exchange_handle(void *door, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_n, void **context);

/* MHD_RequestCompletedCallback: also when the client went away. */
void exchange_completed(void *door, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code);

#endif
