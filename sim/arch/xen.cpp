#include "sim/arch/xen.hpp"

namespace hvlab::arch::xen {

std::string_view hypercall_name(u64 number) {
  switch (number) {
#define HYPERCALL(value, name) \
  case value: return name;
#include "sim/arch/xen_hypercalls.inc"
#undef HYPERCALL
    default: return "?";
  }
}

std::optional<Exit> exit_row(u64 code) {
  if (!is_exit_code(code)) return std::nullopt;
  switch (exit_number(code)) {
#define PV_EXIT(number, id, name, exit_class, what) \
  case number: return Exit::id;
#include "sim/arch/pv_exits.inc"
#undef PV_EXIT
    default: return exit_number(code) < kExceptions ? std::optional(Exit::Exception0) : std::nullopt;
  }
}

std::string_view exit_name(Exit row) {
  switch (row) {
#define PV_EXIT(number, id, name, exit_class, what) \
  case Exit::id: return name;
#include "sim/arch/pv_exits.inc"
#undef PV_EXIT
  }
  return "?";
}

}  // namespace hvlab::arch::xen
