// The sixteen conditions of Jcc, SETcc and CMOVcc (SDM vol. 1, appendix B), as types for handlers.
#pragma once

#include "sim/cpu/flags.hpp"

namespace hvlab::execute {

using cpu::Flags;

struct IfO {
  static bool test(const Flags& f) { return f.of(); }
};
struct IfNo {
  static bool test(const Flags& f) { return !f.of(); }
};
struct IfB {
  static bool test(const Flags& f) { return f.cf(); }
};
struct IfNb {
  static bool test(const Flags& f) { return !f.cf(); }
};
struct IfZ {
  static bool test(const Flags& f) { return f.zf(); }
};
struct IfNz {
  static bool test(const Flags& f) { return !f.zf(); }
};
struct IfBe {
  static bool test(const Flags& f) { return f.cf() || f.zf(); }
};
struct IfNbe {
  static bool test(const Flags& f) { return !f.cf() && !f.zf(); }
};
struct IfS {
  static bool test(const Flags& f) { return f.sf(); }
};
struct IfNs {
  static bool test(const Flags& f) { return !f.sf(); }
};
struct IfP {
  static bool test(const Flags& f) { return f.pf(); }
};
struct IfNp {
  static bool test(const Flags& f) { return !f.pf(); }
};
struct IfL {
  static bool test(const Flags& f) { return f.sf() != f.of(); }
};
struct IfNl {
  static bool test(const Flags& f) { return f.sf() == f.of(); }
};
struct IfLe {
  static bool test(const Flags& f) { return f.zf() || f.sf() != f.of(); }
};
struct IfNle {
  static bool test(const Flags& f) { return !f.zf() && f.sf() == f.of(); }
};

}  // namespace hvlab::execute
