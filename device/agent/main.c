#include <agent/agent.h>

int main(int argc, char **argv)
{
    (void)argc;
    return agent_main(argv, TROTH_BUILD_S);
}
