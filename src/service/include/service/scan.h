/* What a scan of TLS servers saw. A certificate of ours is recognised and stays ours; any other is
 * foreign, on record with where it was seen. Nothing that a scan saw admits or quarantines anybody:
 * it is the word of whoever ran it. */
#ifndef SERVICE_SCAN_H
#define SERVICE_SCAN_H

#include <service/verb.h>
#include <trust/foreign_words.h>

struct scan_answer {
    enum scan_became became;
    bool is_unlinked; /* foreign, and of no device that we know */
    struct err why;   /* counts with SCAN_BECAME_REFUSED alone */
};

/* One line, judged alone. What was seen before at the same place and is not seen now ends there: by
 * another certificate, or by a place that presents none (scan_shows_nothing()). A refusal is OK
 * with SCAN_BECAME_REFUSED and the reason in the answer. */
MUST_USE enum result scan_line(struct service *service, const struct operator_is *who,
                               const struct msg_scan_line *line, int64_t now_s,
                               struct scan_answer *ret, struct err *err);

#endif
