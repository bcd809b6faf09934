#include <app/modes.h>

int main(int argc, char **argv)
{
    (void)argc;
    return trothd_run(argv);
}
