/* Waivers: findings that somebody answers for until a day. */
#include "commands_parts.h"

#include <cli/actions.h>

const struct option_row waiver_add_options[] = {
    {"CHECK", VALUE_TEXT, NULL, true, "whose findings, such as TD-10"},
    {"--answers", VALUE_TEXT, "NAME", true, "owner who answers for them"},
    {"--reason", VALUE_TEXT, "TEXT", true, "why they are let be; erasable"},
    {"--for", VALUE_DURATION, "TIME", true, "how long, such as 90d; the policy has a limit"},
    {"--product", VALUE_TEXT, "NAME", false, "what it covers: this product's,"},
    {"--serial", VALUE_TEXT, "SERIAL", false, "this device's; wants --product,"},
    {"--of-owner", VALUE_TEXT, "NAME", false, "those of this owner's devices,"},
    {"--fleet", VALUE_NONE, NULL, false, "or all there are"},
    DRY_RUN,
    {0},
};
static const struct field add_fields[] = {
    {"--answers", PLACE_TEXT, "answers"},
    {"--reason", PLACE_TEXT, "reason"},
    {"--for", PLACE_NUMBER, "ttl_s"},
    {"--product", PLACE_TEXT, "product"},
    {"--serial", PLACE_TEXT, "serial"},
    {"--of-owner", PLACE_TEXT, "of_owner"},
    {"--fleet", PLACE_FLAG, "fleet"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan waiver_add = {plan_change, "/api/v1/checks/{CHECK}/waivers", add_fields, NULL,
                                "findings of {CHECK} waived for {--for}"};

const struct option_row waiver_list_options[] = {
    OF_PRODUCT, {"--all", VALUE_NONE, NULL, false, "ended and expired ones too"}, LIMIT, {0}};
static const struct field list_fields[] = {
    {"--product", PLACE_QUERY, "product"}, {"--all", PLACE_QUERY, "all"}, {0}};
static const struct column columns[] = {
    {"ID", "id"},
    {"CHECK", "check"},
    {"PRODUCT", "product"},
    {"SERIAL", "serial"},
    {"OF_OWNER", "of_owner"},
    {"ANSWERS", "answers"},
    {"EXPIRES", "expires"},
    {"STATE", "state"},
    {"REASON", "reason"},
    {0},
};
const struct plan waiver_list = {plan_list, "/api/v1/waivers", list_fields, columns, NULL};

const struct option_row waiver_end_options[] = {
    {"WAIVER", VALUE_NUMBER, NULL, true, "its number"},
    {"--note", VALUE_TEXT, "TEXT", false, "why, for the ledger; erasable"},
    DRY_RUN,
    {0},
};
static const struct field end_fields[] = {{"--note", PLACE_TEXT, "note"}, DRY_RUN_FIELD, {0}};
const struct plan waiver_end = {plan_change, "/api/v1/waivers/{WAIVER}/end", end_fields, NULL,
                                "waiver {WAIVER} ended"};
