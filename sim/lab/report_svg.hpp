// The report's colours with their hatches, and bars made of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/views/palette.hpp"

namespace hvlab::lab {

/// The fills that a page uses. Each has a class "s-NAME"; style() and patterns() make them.
class Inks {
 public:
  /// The class of an account, a state, or a place on a request's way (views::style_of).
  std::string of(const std::string& name);
  /// The class of the n-th of several alike (views::style_of_series).
  std::string series(unsigned n);

  /// The class of a fill of its own.
  std::string own(const std::string& name, const views::Style& style);

  /// The rules of all classes, light and dark.
  std::string style() const;
  /// An SVG without extent that holds the patterns of those with hatches.
  std::string patterns() const;

 private:
  std::map<std::string, views::Style> used_;  // by identifier
};

namespace svg {

struct Segment {
  double from = 0, length = 0;  // parts of the whole width, 0 to 1
  std::string ink;              // class
  std::string title;            // text, shown on hover
};

/// A bar as wide as its place, with a text alternative.
std::string bar(const std::vector<Segment>& segments, const std::string& title,
                const std::string& description);

/// A small square and what it stands for; `label` is HTML.
std::string legend_entry(const std::string& ink, const std::string& label);
/// The entries, or nothing.
std::string legend(const std::vector<std::string>& entries);

/// One row of a chart: name, bar, value; `label` and `value` are HTML.
std::string bar_row(const std::string& label, const std::string& bar, const std::string& value);
std::string bar_rows(const std::vector<std::string>& rows);
/// Both together: on paper they stay so.
std::string chart(const std::vector<std::string>& entries, const std::vector<std::string>& rows);

/// A coordinate or a length, as short as a tenth of a unit needs.
std::string number(double value);

/// The least of 1, 2, 5 times a power of ten that divides `span` into at most `most` parts.
double tick_step(double span, unsigned most);

}  // namespace svg
}  // namespace hvlab::lab
