/* A device's verdict, explained, as JSON: `verdict`, and `checklist`, an array of checks with the
 * evidence of each. */
#ifndef HTTP_API_CHECKLIST_H
#define HTTP_API_CHECKLIST_H

#include "desk.h"

void api_checklist_begin(struct api_doc *doc);
/* Takes verdict_row, judged_row and evidence_row; other messages are passed over. */
void api_checklist_row(struct api_wait *wait, const struct ipc_message *message);
/* Before the reply: the last check is complete. */
void api_checklist_end(struct api_wait *wait);

#endif
