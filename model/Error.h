#pragma once

#include <stdexcept>
#include <string>

namespace tagalign::model {

/// Anything outside the program's control that went wrong in model: a file, a shape, a number.
/// what() is one sentence a user can act on: what, where, expected and found.
class Error : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// A tensor or array of a shape that the callee cannot work on; names expected and actual.
class ShapeError : public Error
{
public:
    using Error::Error;
};

/// A number outside its documented range.
class RangeError : public Error
{
public:
    using Error::Error;
};

/// A file whose bytes do not follow its format; names the file and the place.
class FormatError : public Error
{
public:
    using Error::Error;
};

/// The caller's callback asked to stop. What was stored until then is kept.
class Cancelled : public Error
{
public:
    Cancelled()
        : Error("cancelled")
    {
    }
};

} // namespace tagalign::model
