// SystemC's library has a main of its own that calls sc_main; HVLab has its own main and starts the
// simulation itself, so this only satisfies the library.
#include <systemc>

int sc_main(int, char**) { return 1; }
