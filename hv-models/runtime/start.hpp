// What stands on the runtime begins here.
#pragma once

/// Defined by the model (kernel, hypervisor): called once, on the first processor, with interrupts off,
/// console, tables and clock ready, the other processors not yet started. Does not return.
void model_main();
