#include "model/eval/LogisticRegression.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tagalign::model::eval {

namespace {

constexpr int kMaxSteps = 100;
constexpr double kSmallDecrement = 1e-12; // gradient · step: twice what there is left to gain
constexpr double kShortest = 1e-10;       // of a Newton step

using Vector = std::vector<double>;

/// log(1 + exp(x)) without overflow.
double softplus(double x)
{
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

void requireFit(const LogisticData& data, std::span<const double> ridge)
{
    const std::size_t rows = data.labels.size();
    if (data.values.size() != rows * data.columns || ridge.size() != data.columns ||
        (!data.offsets.empty() && data.offsets.size() != rows)) {
        throw ShapeError("logistic regression: " + std::to_string(rows) + " rows of " +
                         std::to_string(data.columns) + " columns expected, got " +
                         std::to_string(data.values.size()) + " values, " +
                         std::to_string(data.offsets.size()) + " offsets, " +
                         std::to_string(ridge.size()) + " penalties");
    }
    const auto isFinite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(data.values.begin(), data.values.end(), isFinite) ||
        !std::all_of(data.offsets.begin(), data.offsets.end(), isFinite)) {
        throw RangeError("logistic regression: a value is not finite");
    }
    if (!std::all_of(ridge.begin(), ridge.end(),
                     [](double penalty) { return penalty >= 0.0 && std::isfinite(penalty); })) {
        throw RangeError("logistic regression: a penalty is not a number from 0 on");
    }
}

/// Penalised loss at β.
double lossOf(const LogisticData& data, std::span<const double> ridge, const Vector& beta)
{
    double loss = 0.0;
    for (std::size_t row = 0; row < data.labels.size(); ++row) {
        double logit = data.offsets.empty() ? 0.0 : data.offsets[row];
        for (std::size_t j = 0; j < data.columns; ++j) {
            logit += data.values[row * data.columns + j] * beta[j];
        }
        loss += softplus(data.labels[row] ? -logit : logit);
    }
    for (std::size_t j = 0; j < data.columns; ++j) {
        loss += 0.5 * ridge[j] * beta[j] * beta[j];
    }
    return loss;
}

struct Slopes
{
    Vector gradient; ///< k
    Vector hessian;  ///< k·k, the lower triangle
};

Slopes slopesOf(const LogisticData& data, std::span<const double> ridge, const Vector& beta)
{
    const std::size_t k = data.columns;
    Slopes slopes{Vector(k, 0.0), Vector(k * k, 0.0)};
    for (std::size_t row = 0; row < data.labels.size(); ++row) {
        const double* x = data.values.data() + row * k;
        double logit = data.offsets.empty() ? 0.0 : data.offsets[row];
        for (std::size_t j = 0; j < k; ++j) {
            logit += x[j] * beta[j];
        }
        const double p = logistic(logit);
        const double error = p - (data.labels[row] ? 1.0 : 0.0);
        for (std::size_t j = 0; j < k; ++j) {
            slopes.gradient[j] += error * x[j];
            for (std::size_t i = 0; i <= j; ++i) {
                slopes.hessian[j * k + i] += p * (1.0 - p) * x[j] * x[i];
            }
        }
    }
    for (std::size_t j = 0; j < k; ++j) {
        slopes.gradient[j] += ridge[j] * beta[j];
        slopes.hessian[j * k + j] += ridge[j];
    }
    return slopes;
}

/// Solves hessian · x = right by Cholesky's decomposition, in place.
/// @throws RangeError if the matrix is not positive definite.
Vector solved(Vector matrix, Vector right)
{
    const std::size_t k = right.size();
    for (std::size_t j = 0; j < k; ++j) {
        const double before = matrix[j * k + j];
        for (std::size_t i = 0; i <= j; ++i) {
            double sum = matrix[j * k + i];
            for (std::size_t m = 0; m < i; ++m) {
                sum -= matrix[j * k + m] * matrix[i * k + m];
            }
            if (i < j) {
                matrix[j * k + i] = sum / matrix[i * k + i];
            } else if (!(sum > 1e-13 * before)) { // rounding leaves no more of it
                throw RangeError("logistic regression: the coefficients are not unique; give each "
                                 "column a penalty");
            } else {
                matrix[j * k + j] = std::sqrt(sum);
            }
        }
    }
    for (std::size_t j = 0; j < k; ++j) {
        for (std::size_t i = 0; i < j; ++i) {
            right[j] -= matrix[j * k + i] * right[i];
        }
        right[j] /= matrix[j * k + j];
    }
    for (std::size_t j = k; j-- > 0;) {
        for (std::size_t i = j + 1; i < k; ++i) {
            right[j] -= matrix[i * k + j] * right[i];
        }
        right[j] /= matrix[j * k + j];
    }
    return right;
}

} // namespace

double logistic(double logit)
{
    return logit >= 0.0 ? 1.0 / (1.0 + std::exp(-logit))
                        : std::exp(logit) / (1.0 + std::exp(logit));
}

Vector fitLogistic(const LogisticData& data, std::span<const double> ridge)
{
    requireFit(data, ridge);
    Vector beta(data.columns, 0.0);
    if (data.labels.empty()) {
        return beta;
    }
    double loss = lossOf(data, ridge, beta);
    for (int step = 0; step < kMaxSteps; ++step) {
        const Slopes slopes = slopesOf(data, ridge, beta);
        const Vector direction = solved(slopes.hessian, slopes.gradient);
        double decrement = 0.0;
        for (std::size_t j = 0; j < beta.size(); ++j) {
            decrement += slopes.gradient[j] * direction[j];
        }
        if (decrement < kSmallDecrement) {
            break;
        }
        double length = 1.0;
        Vector next = beta;
        double nextLoss = 0.0;
        do {
            for (std::size_t j = 0; j < beta.size(); ++j) {
                next[j] = beta[j] - length * direction[j];
            }
            nextLoss = lossOf(data, ridge, next);
            length /= 2.0;
        } while (nextLoss > loss && length > kShortest);
        if (nextLoss > loss) {
            break; // no better within rounding
        }
        beta = next;
        loss = nextLoss;
    }
    return beta;
}

} // namespace tagalign::model::eval
