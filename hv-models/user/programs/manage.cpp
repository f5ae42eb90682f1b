// manage: the first program of the management machine. Its kernel's back ends do the work; this only stays,
// since the machine ends with its first program.
#include "hv-models/user/library/calls.hpp"

int main(int, char**) {
  for (;;) user::sleep_milliseconds(1'000'000);
}
