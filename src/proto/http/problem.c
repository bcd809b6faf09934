#include <proto/problem.h>

#include <proto/json.h>

#include <jansson.h>
#include <stdio.h>

char *problem_write_json(const struct problem *problem)
{
    const struct error_info *info = error_find(problem->code);
    char type[40], code[8];
    snprintf(type, sizeof type, "urn:troth:error:E%d", (int)info->code);
    snprintf(code, sizeof code, "E%d", (int)info->code);

    json_t *json = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type", type, "title", info->meaning,
                             "status", info->http_status, "code", code, "next", info->next,
                             "request_id", problem->request_id);
    if (json == NULL)
        return NULL;
    /* By itself: json_pack() leaves an optional member out when there is no memory for it. */
    bool is_whole = problem->detail == NULL ||
                    json_object_set_new(json, "detail", json_string(problem->detail)) == 0;
    char *text = is_whole ? json_to_text(json, NULL) : NULL;
    json_decref(json);
    return text;
}

char *problem_write_text(const struct problem *problem)
{
    const struct error_info *info = error_find(problem->code);
    bool has_detail = problem->detail != NULL;
    char *text = NULL;
    if (asprintf(&text, "E%d: %s\n%s%sNext: %s\nRequest: %s\n", (int)info->code, info->meaning,
                 has_detail ? problem->detail : "", has_detail ? "\n" : "", info->next,
                 problem->request_id) < 0)
        return NULL;
    return text;
}
