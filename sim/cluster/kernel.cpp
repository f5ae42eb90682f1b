#include "sim/cluster/kernel.hpp"

#include <systemc>

#include "sim/base/check.hpp"

namespace hvlab::cluster {

namespace {

// One method that is its own alarm clock. A method and not a thread: it costs no change of stacks.
struct Carrier final : sc_core::sc_module {
  SC_HAS_PROCESS(Carrier);
  explicit Carrier(sc_core::sc_module_name module_name) : sc_module(module_name) {
    SC_METHOD(step);
    sensitive << start;
    dont_initialize();
  }

  void step();
  Nanoseconds passed() const { return sc_core::sc_time_stamp().value() - base; }

  sc_core::sc_event start{"start"};
  Calendar* calendar = nullptr;
  const Fire* fire = nullptr;
  Nanoseconds until = 0;
  u64 base = 0;  // SystemC's time when the calendar's was 0
};

void Carrier::step() {
  while (calendar->next() <= passed() && calendar->next() <= until) (*fire)(calendar->take());
  const Nanoseconds next = std::min(calendar->next(), until);
  if (next > passed()) {
    next_trigger(sc_core::sc_time::from_value(next - passed()));
    return;
  }
  calendar->pass(until);
  sc_core::sc_pause();
}

Carrier& carrier() {
  static Carrier* const only = [] {
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_core::sc_set_time_resolution(1, sc_core::SC_NS);
    return new Carrier("cluster");  // SystemC's modules live as long as the process
  }();
  return *only;
}

}  // namespace

void carry(Calendar& calendar, Nanoseconds until, const Fire& fire) {
  HVLAB_CHECK(until >= calendar.now());
  Carrier& kernel = carrier();
  kernel.calendar = &calendar;
  kernel.fire = &fire;
  kernel.until = until;
  kernel.base = sc_core::sc_time_stamp().value() - calendar.now();
  kernel.start.notify(sc_core::SC_ZERO_TIME);
  sc_core::sc_start();
  HVLAB_CHECK(calendar.now() == until);
}

void carry_plainly(Calendar& calendar, Nanoseconds until, const Fire& fire) {
  while (calendar.next() <= until) fire(calendar.take());
  calendar.pass(until);
}

}  // namespace hvlab::cluster
