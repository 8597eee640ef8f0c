#include "model/tags/SpanOrder.h"

#include <algorithm>
#include <numeric>

namespace tagalign::model::tags {

void sortBySpan(std::vector<ParsedTag>& tags)
{
    std::vector<std::size_t> order(tags.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::stable_sort(order.begin(), order.end(), [&tags](std::size_t a, std::size_t b) {
        return tags[a].span.start < tags[b].span.start;
    });
    std::vector<std::size_t> places(tags.size());
    std::vector<ParsedTag> sorted;
    for (std::size_t i = 0; i < order.size(); ++i) {
        places[order[i]] = i;
        sorted.push_back(tags[order[i]]);
    }
    for (ParsedTag& tag : sorted) {
        if (tag.owner) {
            tag.owner = places[*tag.owner];
        }
    }
    tags = std::move(sorted);
}

} // namespace tagalign::model::tags
