#include "kanaria/http/desync.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kanaria::http {
namespace {

using enum DesyncReason;
using enum Mitigation;
using Class = DesyncClass;

constexpr std::array<DesyncRow, kDesyncReasons> kTable{{
    {None, Class::Compliant, "-", Forward, Forward, Forward},
    {AmbiguousUri, Class::Ambiguous, "AmbiguousUri", Refuse, Refuse, Refuse},
    {BadContentLength, Class::Severe, "BadContentLength", Refuse, Refuse, Refuse},
    {BadHeader, Class::Severe, "BadHeader", Refuse, Refuse, Refuse},
    {BadMethod, Class::Severe, "BadMethod", Refuse, Refuse, Refuse},
    {BadTransferEncoding, Class::Severe, "BadTransferEncoding", Refuse, Refuse, Refuse},
    {BadUri, Class::Severe, "BadUri", Refuse, Refuse, Refuse},
    {BadVersion, Class::Severe, "BadVersion", Refuse, Refuse, Refuse},
    {BothTeClPresent, Class::Ambiguous, "BothTeClPresent", Refuse, Refuse, Refuse},
    {DuplicateContentLength, Class::Ambiguous, "DuplicateContentLength", Forward, ForwardAndClose, Refuse},
    {EmptyHeader, Class::Ambiguous, "EmptyHeader", Refuse, Refuse, Refuse},
    {GetHeadZeroContentLength, Class::Acceptable, "GetHeadZeroContentLength", Forward, Forward, Refuse},
    {MultipleContentLength, Class::Severe, "MultipleContentLength", Refuse, Refuse, Refuse},
    {MultipleTransferEncodingChunked, Class::Severe, "MultipleTransferEncodingChunked", Refuse, Refuse, Refuse},
    {NonCompliantHeader, Class::Acceptable, "NonCompliantHeader", Forward, Forward, Refuse},
    {NonCompliantUri, Class::Acceptable, "NonCompliantUri", Forward, Forward, Refuse},
    {NonCompliantVersion, Class::Acceptable, "NonCompliantVersion", Forward, Forward, Refuse},
    {SpaceInUri, Class::Acceptable, "SpaceInUri", Refuse, Refuse, Refuse},
    {SuspiciousHeader, Class::Ambiguous, "SuspiciousHeader", Forward, ForwardAndClose, Refuse},
    {UndefinedContentLengthSemantics, Class::Ambiguous, "UndefinedContentLengthSemantics", Forward, ForwardAndClose,
     Refuse},
    {UndefinedTransferEncodingSemantics, Class::Ambiguous, "UndefinedTransferEncodingSemantics", Forward,
     ForwardAndClose, Refuse},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].reason) != i) return false;
  return true;
}
static_assert(in_order(), "the rows stand in the order of the enumerators");

}  // namespace

Mitigation DesyncRow::in(DesyncMode mode) const {
  switch (mode) {
    case DesyncMode::Monitor: return monitor;
    case DesyncMode::Defensive: return defensive;
    case DesyncMode::Strictest: return strictest;
  }
  return Refuse;
}

const DesyncRow& row_of(DesyncReason reason) {
  return kTable[static_cast<std::size_t>(reason)];
}

std::string_view name_of(DesyncClass severity) {
  switch (severity) {
    case Class::Compliant: return "-";
    case Class::Acceptable: return "Acceptable";
    case Class::Ambiguous: return "Ambiguous";
    case Class::Severe: return "Severe";
  }
  return "-";
}

DesyncReason worse(DesyncReason first, DesyncReason second) {
  const auto rank = [](DesyncReason reason) { return std::pair(-static_cast<int>(row_of(reason).severity), reason); };
  return std::min(first, second, [&](DesyncReason a, DesyncReason b) { return rank(a) < rank(b); });
}

}  // namespace kanaria::http
