/* Reports: a control pack, and what the server's checks say about each of its controls. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <base/pack.h>
#include <cli/plan.h>

/* Of a control. Open findings go first, then those that are waived, all of them; it holds only when
 * facts of all its checks were there. */
#define REPORT_HOLDS "holds"
#define REPORT_OPEN "open"
#define REPORT_WAIVED "waived"
#define REPORT_PARTLY "partly"
#define REPORT_UNMEASURED "unmeasured"

/* The report as JSON, from a pack and the answer of /api/v1/check; the caller's. NULL without
 * memory. Members: docs/decisions/reports.md. */
json_t *report_make(const struct pack *pack, const json_t *answer);

/* One self-contained page. Everything that a pack or a server said is escaped. */
void report_html(const json_t *report, FILE *to);

/* A line of CSV (RFC 4180) for each control. */
void report_csv(const json_t *report, FILE *to);

/* "12.3": weighted days of weighted seconds, cut off behind the first decimal. */
#define REPORT_DAYS_MAX 32
void report_days(json_int_t seconds, char to[REPORT_DAYS_MAX]);

#endif
