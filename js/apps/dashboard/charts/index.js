/** The libraries that draw, as one file for the browser: it is loaded with the first chart, not with the dashboard. */
export { sankey, sankeyLinkHorizontal } from "d3-sankey";
export { default as uPlot } from "uplot";
