// From the first processor's first C++ instruction to model_main(), which the model on top of the runtime
// defines.
#include "hv-models/runtime/start.hpp"

#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/processors.hpp"
#include "hv-models/runtime/serial_port.hpp"
#include "sim/arch/exceptions.hpp"

extern "C" [[noreturn]] void first_processor_start(hvlab::u64 start_info);
extern "C" void (*constructors_begin[])();
extern "C" void (*constructors_end[])();

namespace hvlab::runtime {
namespace {

void halt_processor(TrapFrame&) { halt_forever(); }
void ignore(TrapFrame&) {}

}  // namespace
}  // namespace hvlab::runtime

void first_processor_start(hvlab::u64 start_info) {
  using namespace hvlab::runtime;
  set_up_first_processor();
  for (auto constructor = constructors_begin; constructor < constructors_end; ++constructor) (*constructor)();
  serial::set_up();
  read_boot_information(start_info);
  acpi::read_tables(boot_information().rsdp);
  set_handler(static_cast<hvlab::u8>(hvlab::arch::Exception::Nmi), halt_processor);  // sent by a panic
  set_handler(kSpuriousVector, ignore);  // needs no end of interrupt (SDM vol. 3, 10.9)
  ioapic::set_up();
  apic::enable();
  clock::calibrate();
  model_main();
  halt_forever();
}
