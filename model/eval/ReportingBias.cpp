#include "model/eval/ReportingBias.h"

#include <set>

namespace tagalign::model::eval {

namespace {

Omission measured(std::size_t pictures, double share)
{
    return {pictures, share, wilsonIntervalOfShare(share, double(pictures))};
}

} // namespace

Omission omission(const std::vector<Mentions>& confirmed)
{
    std::set<std::int64_t> pictures;
    double chances = 0.0;
    double omitted = 0.0;
    for (const Mentions& tag : confirmed) {
        // The only caption that says it has no other to vouch for it.
        const std::size_t counted = tag.saying == 0   ? 0
                                    : tag.saying == 1 ? tag.captions - 1
                                                      : tag.captions;
        if (counted > 0) {
            pictures.insert(tag.picture);
            chances += double(counted);
            omitted += double(tag.captions - tag.saying);
        }
    }
    return measured(pictures.size(), chances > 0.0 ? omitted / chances : 0.0);
}

Omission unsaid(const std::vector<Mentions>& confirmed)
{
    std::set<std::int64_t> pictures;
    std::size_t silent = 0;
    for (const Mentions& tag : confirmed) {
        pictures.insert(tag.picture);
        silent += tag.saying == 0 ? 1 : 0;
    }
    return measured(pictures.size(),
                    confirmed.empty() ? 0.0 : double(silent) / double(confirmed.size()));
}

} // namespace tagalign::model::eval
