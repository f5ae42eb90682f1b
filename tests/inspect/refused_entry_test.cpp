// What is shown of a VM entry that has failed.
#include <catch2/catch.hpp>

#include "root_machine.hpp"
#include "sim/inspect/processor_document.hpp"

using namespace hvlab;
using namespace hvlab::test;

// Catches a failed entry of which nobody can say which rule of the manual it was, one that is shown where
// none has failed, and a look at a processor that has no VMX.
TEST_CASE("the rule by which the last VM entry failed is in the document") {
  RootMachine m;
  m.in_root();
  CHECK(inspect::refused_entry_json(m.cpu()).is_null());
  CHECK(m.fails(7, kVmlaunch, 0));  // a VMCS without a single control that must be 1
  const inspect::Json json = inspect::refused_entry_json(m.cpu());
  CHECK(json["section"] == "27.2.1.1");
  CHECK(json["rule"] == "reserved bits in the pin-based controls");
  CHECK(json["block"] == inspect::hex(kVmcs));
  CHECK(!json.contains("segment"));

  Machine other;  // SVM
  CHECK(inspect::refused_entry_json(other.cpu()).is_null());
}
