// Catches JSON that no other program can read.
#include "sim/lab/json.hpp"

#include <catch2/catch.hpp>
#include <sstream>

namespace hvlab::lab {

TEST_CASE("members and elements are separated, nested and escaped") {
  std::ostringstream out;
  JsonWriter json(out);
  json.begin_object().member("n", u64{18446744073709551615ull}).member("text", "a\"\\\n").member("yes", true);
  json.key("list").begin_array().value(1).value(0.1).end_array();
  json.key("none").begin_array().end_array().key("inner").begin_object().member("x", -1).end_object();
  json.end_object();
  REQUIRE(out.str() ==
          "{\n  \"n\": 18446744073709551615,\n  \"text\": \"a\\\"\\\\\\u000a\",\n  \"yes\": true,\n"
          "  \"list\": [\n    1,\n    0.1\n  ],\n  \"none\": [],\n  \"inner\": {\n    \"x\": -1\n  }\n}\n");
}

TEST_CASE("numbers that JSON does not have become null") {
  std::ostringstream out;
  JsonWriter(out).begin_array().value(1.0 / 0.0).end_array();
  REQUIRE(out.str() == "[\n  null\n]\n");
}

}  // namespace hvlab::lab
