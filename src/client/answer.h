/* What the files that use libcurl share. Private to client. */
#ifndef CLIENT_ANSWER_H
#define CLIENT_ANSWER_H

#include <client/http.h>

#include <curl/curl.h>

/* The value of header `name` in `line` as trimmed printable text; false when it is another header.
 */
bool header_value(const char *line, const char *name, char ret[CLIENT_TEXT_MAX]);

/* Delay-seconds only; a date (RFC 9110 10.2.3) reads as absent, and we then pace ourselves. */
uint32_t header_retry_after_s(const char *text);

/* libcurl's failure as one of ours: "peer: its words". */
enum result explain_failure(CURLcode code, const char *peer, const char *problem, struct err *err);

/* The next header; false without memory. */
bool header_append(struct curl_slist **list, const char *line);
void header_list_free(struct curl_slist **list);

#endif
