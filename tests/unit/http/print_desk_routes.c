/* The desk's route table as text, for test_openapi.py: method, path, surfaces, media type or "-".
 */
#include "desk.h"

#include <stdio.h>

int main(void)
{
    for (const struct route *route = desk_routes; route->path != NULL; route++)
        printf("%s %s %s%s %s\n", route->method, route->path,
               (route->surfaces & SURFACE_OPERATOR) != 0 ? "operator" : "",
               (route->surfaces & SURFACE_LOCAL) != 0 ? "local" : "",
               route->media_type == NULL ? "-" : route->media_type);
    return 0;
}
